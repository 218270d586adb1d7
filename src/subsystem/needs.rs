use std::fmt;

/// Who depends on whom, as far as the board must know it: the order itself lives in a layer above.
pub(crate) trait Needs: fmt::Debug + Send + Sync {
    /// Names each that `unit` depends on, and whether it is to be ready: of the others it is enough that they are
    /// over.
    fn each(&self, unit: u32, visit: &mut dyn FnMut(u32, bool));
}
