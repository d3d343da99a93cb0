//! TO BE WRITTEN: see the brief.

pub fn gradient_boosting(
    _value: &crate::value::View<'_, '_>,
    _ctx: &mut super::Context,
) -> Result<crate::model::GradientBoosting, super::BuildError> {
    todo!()
}
