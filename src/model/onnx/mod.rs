//! Graphs of ONNX operators, computed row batch by row batch: float32 where the graph says float32.
//!
//! The one model that is a program of its own. It was checked when it was built: types and shapes by a run over made-up
//! rows, positions in trees and tables one by one. What still does not fit at a request is an answer to that request.

mod elementwise;
mod encode;
mod engine;
mod linear;
mod matrix;
mod operator;
mod post;
mod program;
mod reduce;
mod scan;
mod session;
mod shapes;
mod tensor;
mod trees;

pub use elementwise::{Binary, Kind, Unary};
pub use encode::{Norm, OneHot, Table};
pub use linear::{Kernel, Linear, SvmClassifier, SvmRegressor};
pub use matrix::Gemm;
pub use operator::Operator;
pub use post::Post;
pub use program::{Plan, Program, Step};
pub use reduce::Reduction;
pub use scan::Scan;
pub use session::{Answer, Content, Form, Input, Session};
pub use tensor::{Data, OpError, Tensor};
pub use trees::{Aggregate, Ensemble, Mode, Node, Purpose, Settings, Weight};
