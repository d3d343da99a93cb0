//! `/docs`: the routes, the features and a form that scores.

use crate::serve::openapi::ApiInfo;

/// The page. Complete without JavaScript but for the button.
pub fn docs(api: &ApiInfo) -> String {
    let _ = api;
    todo!()
}
