//! TO BE WRITTEN: see the brief.

pub fn decision_tree(
    _value: &crate::value::View<'_, '_>,
    _ctx: &mut super::Context,
) -> Result<crate::model::TreeEnsemble, super::BuildError> {
    todo!()
}

pub fn forest(
    _value: &crate::value::View<'_, '_>,
    _ctx: &mut super::Context,
) -> Result<crate::model::TreeEnsemble, super::BuildError> {
    todo!()
}
