//! TO BE WRITTEN: see the brief.

pub fn hist_gradient_boosting(
    _value: &crate::value::View<'_, '_>,
    _ctx: &mut super::Context,
) -> Result<crate::model::HistGradientBoosting, super::BuildError> {
    todo!()
}
