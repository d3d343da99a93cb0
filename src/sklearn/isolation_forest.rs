//! TO BE WRITTEN: see the brief.

pub fn isolation_forest(
    _value: &crate::value::View<'_, '_>,
    _ctx: &mut super::Context,
) -> Result<crate::model::IsolationForest, super::BuildError> {
    todo!()
}
