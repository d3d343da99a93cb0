//! Numbers compared bit for bit, or by how far they are apart.

use serde_json::Value;

/// The largest relative difference of two equally shaped answers: 0 when they are equal bit for bit.
///
/// # Errors
/// Where they differ in shape, type or text, and how.
pub fn distance(got: &Value, expected: &Value) -> Result<f64, String> {
    match (got, expected) {
        (Value::Array(got), Value::Array(expected)) => {
            if got.len() != expected.len() {
                return Err(format!("{} values, expected {}", got.len(), expected.len()));
            }
            let mut largest: f64 = 0.0;
            for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                largest = largest.max(distance(got, expected).map_err(|problem| format!("[{at}] {problem}"))?);
            }
            Ok(largest)
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            Ok(relative(a.as_f64().expect("a float"), b.as_f64().expect("a float")))
        }
        // A reply writes what JSON cannot as null; the corpus names it.
        (Value::Null, Value::String(name)) if ["NaN", "Infinity", "-Infinity"].contains(&name.as_str()) => Ok(0.0),
        // A scaler that keeps the input's type hands text through; the model behind it reads the number.
        (Value::Number(number), Value::String(text)) if text.parse().ok() == number.as_f64() => Ok(0.0),
        (got, expected) if got == expected => Ok(0.0),
        (got, expected) => Err(format!("{got}, expected {expected}")),
    }
}

/// As [`distance`], where scikit-learn may have lost the row of the only one: `SparsePCA.transform` of 1.9.
pub fn distance_of_one_row(got: &Value, expected: &Value) -> Result<f64, String> {
    match (got, expected) {
        (Value::Array(rows), Value::Array(flat)) if rows.len() == 1 && !flat.iter().any(Value::is_array) => {
            distance(&rows[0], expected)
        }
        _ => distance(got, expected),
    }
}

fn relative(a: f64, b: f64) -> f64 {
    if a.to_bits() == b.to_bits() { 0.0 } else { ((a - b) / a.abs().max(b.abs())).abs().max(f64::MIN_POSITIVE) }
}

#[test]
fn distance_is_strict_about_types_and_bits() {
    use serde_json::json;
    for (got, expected, distance_is) in [
        (json!([1.0, "a", true]), json!([1.0, "a", true]), Some(0.0)),
        (json!([1.0]), json!([1.5]), Some(1.0 / 3.0)),
        (json!([0.0]), json!([-0.0]), Some(f64::MIN_POSITIVE)),
        (json!([1]), json!([1.0]), None),
        (json!([1, 2]), json!([1]), None),
        (json!([null]), json!(["NaN"]), Some(0.0)),
        (json!([null]), json!([1.0]), None),
        (json!([1.5]), json!(["1.5"]), Some(0.0)),
        (json!([1.5]), json!(["1.25"]), None),
        (json!(["NaN"]), json!(["nan"]), None),
        (json!([[1.0], [2]]), json!([[1.0], [3]]), None),
    ] {
        assert_eq!(distance(&got, &expected).ok(), distance_is, "{got} {expected}");
    }
}
