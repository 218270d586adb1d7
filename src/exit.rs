/// What a subsystem wants to become of itself, and of the daemon, now that it ends; see
/// [`Context::end`](crate::Context::end) and [`Spec::on_give_up`](crate::Spec::on_give_up).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// What the policy says.
    #[default]
    Default,
    /// It is not started again, whatever the policy says. With an error it has failed for good.
    DoNotRestart,
    /// The daemon ends, with this exit code unless something worse happens on the way down.
    ShutdownDaemon(u8),
}
