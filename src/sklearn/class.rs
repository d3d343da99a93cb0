//! Which class is read by which file: the one list of what scorelet supports.

use super::{BuildError, Context};
use crate::model::{Estimator, Transformer};
use crate::value::View;

pub(super) fn estimator(_value: &View<'_, '_>, _ctx: &mut Context) -> Result<Estimator, BuildError> {
    todo!()
}

pub(super) fn transformer(_value: &View<'_, '_>, _ctx: &mut Context) -> Result<Transformer, BuildError> {
    todo!()
}
