//! The trees of a large forest, read by several threads.

use super::{Distinct, Shape};
use crate::model::tree::ForestBuilder;
use crate::value::{Graph, Id, View};
use std::num::NonZeroUsize;
use std::thread;

/// Nodes that are worth a thread: about two milliseconds.
const NODES: usize = 1 << 17;
const MAX_THREADS: usize = 8;

/// All trees, in their order. `None` where one thread will do, and where anything is wrong: whoever then goes through the
/// trees one by one says what.
pub(super) fn plant(shape: &Shape, trees: &[View<'_, '_>], divided: &[bool]) -> Option<ForestBuilder> {
    let count = |tree: &View<'_, '_>| tree.get("tree_")?.get("nodes")?.shape().first().copied();
    let nodes: usize = trees.iter().filter_map(count).sum();
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores.min(MAX_THREADS).min(nodes / NODES);
    if threads < 2 { None } else { in_parts(shape, trees, divided, threads) }
}

fn in_parts(shape: &Shape, trees: &[View<'_, '_>], divided: &[bool], threads: usize) -> Option<ForestBuilder> {
    let graph = trees.first()?.graph();
    let jobs: Vec<(Id, bool)> = trees.iter().map(View::id).zip(divided.iter().copied()).collect();
    let parts = thread::scope(|scope| {
        let part = |jobs| scope.spawn(move || of_part(shape, graph, jobs));
        let parts: Vec<_> = jobs.chunks(jobs.len().div_ceil(threads)).map(part).collect();
        parts.into_iter().map(|part| part.join().ok()?).collect::<Option<Vec<_>>>()
    })?;
    let mut parts = parts.into_iter();
    let (mut forest, mut distinct) = parts.next()?;
    for (part, claimed) in parts {
        forest.append(part).ok()?;
        distinct.merge(claimed).then_some(())?;
    }
    Some(forest)
}

fn of_part(shape: &Shape, graph: &Graph<'_>, jobs: &[(Id, bool)]) -> Option<(ForestBuilder, Distinct)> {
    let (mut forest, mut distinct) = (shape.builder(), Distinct::default());
    for (tree, divide) in jobs {
        shape.plant(&graph.view(*tree), &mut forest, &mut distinct, *divide).ok()?;
    }
    Some((forest, distinct))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{self, Limits};

    /// A forest of scikit-learn 1.9.1 in any number of parts; and one whose trees share arrays, which is refused.
    #[test]
    fn parts_are_the_whole() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/corpus/1.9.1/rf_clf.joblib");
        let bytes = std::fs::read(path).unwrap();
        let graph = pickle::read(&bytes, &Limits::for_file(&bytes)).unwrap();
        let root = graph.root();
        let forest = root.get("model").unwrap_or(root);
        let shape = Shape::read(&forest, false).unwrap();
        let trees = forest.attr("estimators_").unwrap().items().unwrap();
        let divided = vec![false; trees.len()];
        let (mut whole, mut distinct) = (shape.builder(), Distinct::default());
        trees.iter().for_each(|tree| shape.plant(tree, &mut whole, &mut distinct, false).unwrap());
        let whole = whole.finish().unwrap();
        for threads in 1..=trees.len() + 1 {
            let parts = in_parts(&shape, &trees, &divided, threads).unwrap();
            assert_eq!(parts.finish().unwrap(), whole, "{threads}");
        }
        let twice = [trees[0].clone(), trees[0].clone()];
        assert!(in_parts(&shape, &twice, &divided, 2).is_none());
    }
}
