/// Who of a group is started again when one of its members is, in OTP's words.
///
/// Whoever lives of them is stopped first, those that depend on others before those; then all start again, in the
/// order of their dependencies, after the backoff of the one that failed. A member that completed starts again as
/// well, unless its policy is `never`; a member whose policy is `never` ([OTP][otp]: temporary) is stopped with the
/// others and stays stopped, and its own end concerns nobody else.
///
/// Each member has its own policy and intensity; a group has none of its own.
///
/// If a member is given up, those that would have started again with it are lost, as if they required it.
///
/// [otp]: https://www.erlang.org/doc/system/sup_princ.html#restart-strategy
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// It alone. What a subsystem without a group has.
    #[default]
    OneForOne,
    /// All of them.
    OneForAll,
    /// It, and those members that come after it in the order of registration: that in which they were given to the
    /// builder, then those added while it runs. What depends on what does not count here: a member that requires a
    /// later one is warned of at the start.
    RestForOne,
}
