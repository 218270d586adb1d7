use std::fmt::Write;

use super::Report;
use crate::outcome::{Line, Outcome};

pub(super) fn of(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for backend in report.backends() {
        let lines: Vec<&Line> =
            report.lines.iter().filter(|line| line.backend == backend).collect();
        let failures = lines.iter().filter(|line| line.outcome.is_failure()).count();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\">",
            escaped(backend),
            lines.len()
        );
        lines.iter().for_each(|line| testcase(&mut text, line));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn testcase(text: &mut String, line: &Line) {
    let (name, seconds) = (escaped(&line.scenario.title()), line.took.as_secs_f64());
    let class = escaped(&format!("{}.{}", line.backend, line.scenario.tier));
    let _ =
        write!(text, "    <testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\"");
    match &line.outcome {
        Outcome::Pass => text.push_str("/>\n"),
        // Not `skipped`: the absence was looked for.
        Outcome::Absent(need) => {
            let _ = writeln!(
                text,
                "><properties><property name=\"declared-absent\" value=\"{need}\"/></properties></testcase>"
            );
        }
        Outcome::Fail(failure) => {
            let message = escaped(&failure.to_string());
            let _ = writeln!(text, "><failure message=\"{message}\"/></testcase>");
        }
    }
}

/// For an attribute. What XML 1.0 cannot say at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
