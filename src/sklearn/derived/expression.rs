//! Expressions of derived columns, from text to a program: the home of syn, whose grammar of Rust's expressions is, for
//! arithmetic, Python's.
//!
//! Names are columns, `col("any name")` those that are no identifiers. Numbers; `+ - * / %`, `< <= > >= == !=`,
//! `&& || !`, `if a > b { a } else { 0 }`, and the functions below. No loops, no state: an expression of 1,000 bytes is
//! at most that much work for each row.

use super::Kind;
use crate::model::derived::{DatePart, Operation};
use crate::model::function::Function;
use std::collections::HashMap;
use syn::{BinOp, Block, Expr, Lit, Stmt, UnOp};

/// Longest expression in bytes, and most expressions of one step.
const MAX_BYTES: usize = 1_000;
const MAX_EXPRESSIONS: usize = 10_000;
/// Brackets in brackets.
const MAX_DEPTH: usize = 32;
/// The parser recurses at most once for each byte or bracket; this is room for that, taken only as it is used.
const STACK: usize = 64 << 20;

/// Functions of two numbers.
const OF_TWO: [(&str, Operation); 4] = [
    ("min", Operation::Minimum),
    ("max", Operation::Maximum),
    ("pow", Operation::Power),
    ("coalesce", Operation::Coalesce),
];

/// What can be called, for messages.
pub const FUNCTIONS: &str = "abs, sqrt, cbrt, square, exp, exp2, expm1, log (natural; also ln), log2, log10, log1p, floor, \
    ceil, rint, trunc, sign, sin, cos, tan, tanh; min, max, pow and coalesce of two; is_missing; and of dates year, \
    quarter, month, day, dayofweek (Monday is 0), dayofyear, hour, minute, second, timestamp";

/// The columns that expressions may name.
pub struct Inputs<'c> {
    columns: HashMap<&'c str, (usize, Kind)>,
}

impl<'c> Inputs<'c> {
    pub fn new(columns: &'c [(String, Kind)]) -> Self {
        let columns = columns.iter().enumerate().map(|(at, (name, kind))| (name.as_str(), (at, *kind)));
        Inputs { columns: columns.collect() }
    }
}

/// A compiled expression.
#[derive(Debug, Default)]
pub struct Compiled {
    pub operations: Vec<Operation>,
    /// Operations that push the code of a text, which the vocabulary numbers.
    pub texts: Vec<(usize, String)>,
    pub kind: Kind,
}

/// Compiles expressions; the position of the first that is none, and why.
pub fn compile(expressions: &[String], inputs: &Inputs<'_>) -> Result<Vec<Compiled>, (usize, String)> {
    if expressions.len() > MAX_EXPRESSIONS {
        return Err((MAX_EXPRESSIONS, format!("more than {MAX_EXPRESSIONS} expressions")));
    }
    let all = || expressions.iter().enumerate().map(|(at, text)| one(text, inputs).map_err(|problem| (at, problem)));
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || all().collect());
        let parser = parser.map_err(|error| (0, format!("there is no thread to read it: {error}")))?;
        parser.join().unwrap_or_else(|_| Err((0, "the parser failed".to_owned())))
    })
}

/// Whether a column of that name can be written without `col("…")`.
pub fn check_name(name: &str) -> bool {
    // A parser skips blanks and comments around it.
    syn::parse_str::<syn::Ident>(name).is_ok_and(|ident| ident == name) && !name.starts_with("r#")
}

/// A text as an expression writes it.
pub fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn one(text: &str, inputs: &Inputs<'_>) -> Result<Compiled, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, of at most {MAX_BYTES}", text.len()));
    }
    let deepest = text.chars().scan(0usize, |depth, c| {
        match c {
            '(' | '[' | '{' | '<' => *depth += 1,
            ')' | ']' | '}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    if deepest.max().unwrap_or_default() > MAX_DEPTH {
        return Err(format!("brackets are nested more than {MAX_DEPTH} deep"));
    }
    let parsed = syn::parse_str(text).map_err(|error| format!("{text:?} is no expression: {error}"))?;
    let mut compiled = Compiled::default();
    let kind = compiled.expression(&parsed, inputs).map_err(|problem| format!("{text:?}: {problem}"))?;
    if kind == Kind::Date {
        return Err(format!("{text:?} is a date: take a part of it, as year(…) or dayofweek(…)"));
    }
    compiled.kind = kind;
    Ok(compiled)
}

impl Compiled {
    fn push(&mut self, operation: Operation) -> Kind {
        self.operations.push(operation);
        Kind::Number
    }

    fn expression(&mut self, expression: &Expr, inputs: &Inputs<'_>) -> Result<Kind, String> {
        match expression {
            Expr::Lit(literal) => self.literal(&literal.lit),
            Expr::Paren(inner) => self.expression(&inner.expr, inputs),
            Expr::Group(inner) => self.expression(&inner.expr, inputs),
            Expr::Path(path) => match path.path.get_ident() {
                Some(name) => self.column(&name.to_string(), inputs),
                None => Err("a path is no column".to_owned()),
            },
            Expr::Unary(unary) => {
                self.number(&unary.expr, inputs)?;
                match unary.op {
                    UnOp::Neg(_) => Ok(self.push(Operation::Negate)),
                    UnOp::Not(_) => Ok(self.push(Operation::Not)),
                    _ => Err("* has nothing to its left".to_owned()),
                }
            }
            Expr::Binary(binary) => self.binary(&binary.left, &binary.op, &binary.right, inputs),
            Expr::If(choice) => {
                let (_, other) = choice.else_branch.as_ref().ok_or("an if has no else")?;
                self.number(&choice.cond, inputs)?;
                self.block(&choice.then_branch, inputs)?;
                self.number(other, inputs)?;
                Ok(self.push(Operation::Select))
            }
            Expr::Block(block) => self.block(&block.block, inputs),
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else { return Err("only functions can be called".to_owned()) };
                let name = path.path.get_ident().map(ToString::to_string).unwrap_or_default();
                self.call(&name, &call.args.iter().collect::<Vec<_>>(), inputs)
            }
            Expr::MethodCall(call) => Err(format!("there are no methods: write {0}(x), not x.{0}()", call.method)),
            _ => Err("it holds something else than arithmetic, comparisons, if and functions".to_owned()),
        }
    }

    fn literal(&mut self, literal: &Lit) -> Result<Kind, String> {
        let (digits, suffix) = match literal {
            Lit::Int(number) => (number.base10_digits(), number.suffix()),
            Lit::Float(number) => (number.base10_digits(), number.suffix()),
            Lit::Bool(truth) => return Ok(self.push(Operation::Number(f64::from(u8::from(truth.value))))),
            Lit::Str(text) => {
                return Err(format!("the text {:?} can only be compared with a column of texts", text.value()));
            }
            _ => return Err("it holds a value that is no number".to_owned()),
        };
        match digits.parse() {
            Ok(number) if suffix.is_empty() => Ok(self.push(Operation::Number(number))),
            _ => Err(format!("{digits}{suffix} is no number")),
        }
    }

    fn column(&mut self, name: &str, inputs: &Inputs<'_>) -> Result<Kind, String> {
        match inputs.columns.get(name) {
            Some((column, kind)) => {
                self.operations.push(Operation::Column(*column));
                Ok(*kind)
            }
            None => Err(format!("there is no column {name:?}")),
        }
    }

    /// An operand that must be a number.
    fn number(&mut self, expression: &Expr, inputs: &Inputs<'_>) -> Result<(), String> {
        match self.expression(expression, inputs)? {
            Kind::Number => Ok(()),
            Kind::Text => Err("a column of texts has no arithmetic; it can be compared with a text".to_owned()),
            Kind::Date => Err("a date has no arithmetic: take a part of it, as timestamp(…) in seconds".to_owned()),
        }
    }

    fn block(&mut self, block: &Block, inputs: &Inputs<'_>) -> Result<Kind, String> {
        match &block.stmts[..] {
            [Stmt::Expr(expression, None)] => self.number(expression, inputs).map(|()| Kind::Number),
            _ => Err("braces hold one expression".to_owned()),
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinOp, right: &Expr, inputs: &Inputs<'_>) -> Result<Kind, String> {
        let operation = match op {
            BinOp::Add(_) => Operation::Add,
            BinOp::Sub(_) => Operation::Subtract,
            BinOp::Mul(_) => Operation::Multiply,
            BinOp::Div(_) => Operation::Divide,
            BinOp::Rem(_) => Operation::Modulo,
            BinOp::And(_) => Operation::And,
            BinOp::Or(_) => Operation::Or,
            BinOp::Eq(_) => Operation::Equal,
            BinOp::Ne(_) => Operation::NotEqual,
            BinOp::Lt(_) => Operation::Less,
            BinOp::Le(_) => Operation::LessEqual,
            BinOp::Gt(_) => Operation::Greater,
            BinOp::Ge(_) => Operation::GreaterEqual,
            BinOp::BitXor(_) => return Err("^ is no power: write pow(a, b)".to_owned()),
            _ => return Err("an operator other than + - * / % < <= > >= == != && ||".to_owned()),
        };
        if let (Operation::Equal | Operation::NotEqual, Some(text)) = (operation, text(right)) {
            if self.expression(left, inputs)? != Kind::Text {
                return Err(format!("only a column of texts can be compared with {text:?}"));
            }
            self.texts.push((self.operations.len(), text));
            // Its code, once the vocabulary gives one.
            self.push(Operation::Number(f64::NAN));
            return Ok(self.push(operation));
        }
        self.number(left, inputs)?;
        self.number(right, inputs)?;
        Ok(self.push(operation))
    }

    fn call(&mut self, name: &str, arguments: &[&Expr], inputs: &Inputs<'_>) -> Result<Kind, String> {
        let of_two = OF_TWO.iter().find(|(known, _)| *known == name).map(|(_, operation)| *operation);
        let function = Function::from_name(match name {
            "abs" => "absolute",
            "ln" => "log",
            other => other,
        });
        match (arguments, of_two, function, DatePart::from_name(name)) {
            ([argument], ..) if name == "col" => {
                let column = text(argument).ok_or("col takes the name of a column, in quotes")?;
                self.column(&column, inputs)
            }
            ([argument], ..) if name == "is_missing" => {
                self.expression(argument, inputs)?;
                Ok(self.push(Operation::IsMissing))
            }
            ([a, b], Some(operation), ..) => {
                self.number(a, inputs)?;
                self.number(b, inputs)?;
                Ok(self.push(operation))
            }
            ([argument], _, Some(function), _) => {
                self.number(argument, inputs)?;
                Ok(self.push(Operation::Call(function)))
            }
            ([argument], _, _, Some(part)) => match self.expression(argument, inputs)? {
                Kind::Date => Ok(self.push(Operation::Date(part))),
                _ => Err(format!("{name} is a part of a date, but its argument is none")),
            },
            (_, Some(_), ..) => Err(format!("{name} takes two arguments")),
            (_, _, Some(_), _) | (_, _, _, Some(_)) => Err(format!("{name} takes one argument")),
            _ => Err(format!("there is no function {name}; there are {FUNCTIONS}")),
        }
    }
}

/// The text of a literal.
fn text(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::Paren(inner) => text(&inner.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DerivedColumns;
    use crate::model::derived::Program;
    use ndarray::array;
    use proptest::prelude::*;

    fn columns() -> Vec<(String, Kind)> {
        let kinds = [("x", Kind::Number), ("y", Kind::Number), ("when", Kind::Date), ("word", Kind::Text)];
        kinds.map(|(name, kind)| (name.to_owned(), kind)).to_vec()
    }

    /// The value for x = 7, y = -2.
    fn value(expression: &str) -> Result<f64, String> {
        let columns = columns();
        let compiled = compile(&[expression.to_owned()], &Inputs::new(&columns)).map_err(|(_, problem)| problem)?;
        let program = Program::new(compiled[0].operations.clone(), 4).expect("what compiles is a program");
        let out = DerivedColumns::new(4, vec![program]).transform(array![[7.0, -2.0, 0.0, 0.0]]);
        Ok(out.expect("it never refuses")[(0, 0)])
    }

    #[test]
    fn expressions_mean_what_they_mean_in_python() {
        let check = |expression: &str, expected: f64| {
            assert_eq!(value(expression).map(f64::to_bits), Ok(expected.to_bits()), "{expression}");
        };
        check("1 + 2 * 3 - 4 / 8", 6.5);
        check("1/2", 0.5);
        check("x / y / 2", -1.75);
        check("-x % 4", 1.0);
        check("x - -y", 5.0);
        check("(x + y) * 1e-3", 0.005);
        check("x > y && !(x == 7) || false", 0.0);
        check("if x >= 7 { if y < 0 { 1 } else { 2 } } else { 3 }", 1.0);
        check("if x < 0 { 1 } else if y < 0 { 2 } else { 3 }", 2.0);
        check("sqrt(square(x)) + abs(y) + min(x, y) + max(x, y) + pow(2, 3)", 22.0);
        check("col(\"x\") + hour(when)", 7.0);
        check("is_missing(0 / 0) + coalesce(0 / 0, 5)", 6.0);
        check("ln(1) + log1p(0)", 0.0);
        check("1_000 + 0x10", 1016.0);
    }

    #[test]
    fn other_texts_are_refused() {
        for expression in [
            "",
            "x y",
            "x = 1",
            "x.y",
            "x[0]",
            "x as f64",
            "1f32",
            "'a'",
            "\"a\"",
            "|x| x",
            "x += 1",
            "a::b(x)",
            "&x",
            "x..y",
            "return x",
            "unsafe { x }",
            "match x { _ => 1 }",
            "word",
            "print!(x)",
            "if x { 1 }",
            "x & y",
        ] {
            assert!(expression == "word" || value(expression).is_err(), "{expression}");
        }
        assert!(value(&"-".repeat(1_001)).is_err());
        assert!(value(&format!("{}x", "-".repeat(998))).is_ok(), "deep, and within the limit");
        assert!(value(&format!("{}x", "x=".repeat(499))).is_err());
        assert!(value(&format!("{}x", "||".repeat(499))).is_err());
    }

    /// An expression and its value.
    fn arithmetic() -> impl Strategy<Value = (String, f64)> {
        let leaf = prop_oneof![
            (0u32..1000).prop_map(|n| (n.to_string(), f64::from(n))),
            (0.0..1e6f64).prop_map(|n| (format!("{n:?}"), n)),
            Just(("x".to_owned(), 7.0)),
            Just(("y".to_owned(), -2.0)),
        ];
        leaf.prop_recursive(4, 24, 2, |inner| {
            (inner.clone(), 0..4usize, inner).prop_map(|((a, av), op, (b, bv))| {
                let value = [av + bv, av - bv, av * bv, av / bv][op];
                (format!("({a}) {} ({b})", ["+", "-", "*", "/"][op]), value)
            })
        })
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_doubles((expression, expected) in arithmetic()) {
            let got = value(&expression);
            prop_assert!(got.as_ref().is_ok_and(|got| got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan()),
                "{expression}: {got:?}, expected {expected}");
        }

        #[test]
        fn no_text_breaks_the_parser(text in "[-+*/%()<>=!&|{}x1.,\" ifelswhnmc]{0,120}") {
            let _ = value(&text);
        }

        #[test]
        fn any_name_can_be_a_column(name in ".{0,12}") {
            let columns = vec![(name.clone(), Kind::Number)];
            let compiled = compile(&[super::super::passing(&name)], &Inputs::new(&columns));
            let compiled = compiled.expect("a name that passes");
            prop_assert_eq!(&compiled[0].operations, &vec![Operation::Column(0)]);
        }
    }
}
