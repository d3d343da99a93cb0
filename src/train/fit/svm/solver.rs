//! libsvm's solver: sequential minimal optimization with second-order working sets (Fan, Chen and Lin, 2005) and shrinking.
//!
//! Minimizes `a'Qa / 2 + p'a` over `y'a = const`, `0 <= a <= C`, from `a = 0`. Every sum and comparison is made in libsvm's
//! order, because where the solver stops is part of the model. Knows nothing of kernels or classes.

use super::matrix::Matrix;

/// Instead of a curvature that is not positive.
const TAU: f64 = 1e-12;
/// Steps between two looks at what can be left out.
const SHRINK_EVERY: usize = 1000;

/// One variable to be found, as the problem states it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variable {
    pub positive: bool,
    /// Its upper bound.
    pub c: f64,
    /// Its linear term.
    pub p: f64,
}

/// When to stop, and whether to leave variables out meanwhile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub tol: f64,
    pub max_iter: Option<usize>,
    pub shrinking: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    pub alpha: Vec<f64>,
    pub rho: f64,
    pub n_iter: usize,
    /// `max_iter` came first.
    pub timed_out: bool,
}

/// Solves the problem of which `matrix` is Q.
pub(super) fn solve<M: Matrix>(matrix: M, variables: &[Variable], stop: Stop) -> Solution {
    Solver::new(matrix, variables, stop).run()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Lower,
    Upper,
    Free,
}

/// Everything is in the order in which variables stand now: those that are active come first.
struct Solver<M> {
    matrix: M,
    stop: Stop,
    /// Which variable of the problem each one is.
    original: Vec<usize>,
    active: usize,
    positive: Vec<bool>,
    c: Vec<f64>,
    p: Vec<f64>,
    alpha: Vec<f64>,
    bound: Vec<Bound>,
    /// Gradient of the objective.
    gradient: Vec<f64>,
    /// Gradient, were all free variables 0.
    fixed: Vec<f64>,
    /// All were brought back once, near the end.
    unshrunk: bool,
}

impl<M: Matrix> Solver<M> {
    fn new(matrix: M, variables: &[Variable], stop: Stop) -> Solver<M> {
        let n = variables.len();
        let p: Vec<f64> = variables.iter().map(|variable| variable.p).collect();
        Solver {
            matrix,
            stop,
            original: (0..n).collect(),
            active: n,
            positive: variables.iter().map(|variable| variable.positive).collect(),
            c: variables.iter().map(|variable| variable.c).collect(),
            alpha: vec![0.0; n],
            bound: variables.iter().map(|v| if v.c <= 0.0 { Bound::Upper } else { Bound::Lower }).collect(),
            gradient: p.clone(),
            fixed: vec![0.0; n],
            p,
            unshrunk: false,
        }
    }

    fn run(mut self) -> Solution {
        let n = self.alpha.len();
        let (mut n_iter, mut timed_out) = (0, false);
        let mut countdown = n.min(SHRINK_EVERY) + 1;
        loop {
            if self.stop.max_iter.is_some_and(|most| n_iter >= most) {
                timed_out = true;
                break;
            }
            countdown -= 1;
            if countdown == 0 {
                countdown = n.min(SHRINK_EVERY);
                if self.stop.shrinking {
                    self.shrink();
                }
            }
            let (i, j) = match self.working_set() {
                Some(pair) => pair,
                None => {
                    self.unshrink();
                    let Some(pair) = self.working_set() else { break };
                    countdown = 1;
                    pair
                }
            };
            n_iter += 1;
            self.step(i, j);
        }
        let rho = self.rho();
        let mut alpha = vec![0.0; n];
        self.original.iter().zip(&self.alpha).for_each(|(at, a)| alpha[*at] = *a);
        Solution { alpha, rho, n_iter, timed_out }
    }

    /// `select_working_set`: the variable that violates most, and the one with which the objective falls most; `None` when
    /// no pair violates by `tol`.
    fn working_set(&mut self) -> Option<(usize, usize)> {
        let mut steepest = (f64::NEG_INFINITY, None);
        for t in 0..self.active {
            let (blocked, up) = match self.positive[t] {
                true => (Bound::Upper, -self.gradient[t]),
                false => (Bound::Lower, self.gradient[t]),
            };
            if self.bound[t] != blocked && up >= steepest.0 {
                steepest = (up, Some(t));
            }
        }
        let (up, first) = steepest;
        let i = first?;
        self.matrix.load(0, i, self.active);
        let (down, second) = self.partner(i, up);
        match second {
            Some(j) if up + down >= self.stop.tol => Some((i, j)),
            _ => None,
        }
    }

    /// The steepest way down, and the best partner of `i`.
    fn partner(&self, i: usize, up: f64) -> (f64, Option<usize>) {
        let (q, diagonal) = (self.matrix.row(0), self.matrix.diagonal());
        let own = if self.positive[i] { 1.0 } else { -1.0 };
        let (mut steepest, mut best) = (f64::NEG_INFINITY, (f64::INFINITY, None));
        for j in 0..self.active {
            let (blocked, down, sign) = match self.positive[j] {
                true => (Bound::Lower, self.gradient[j], -2.0 * own),
                false => (Bound::Upper, -self.gradient[j], 2.0 * own),
            };
            if self.bound[j] == blocked {
                continue;
            }
            let difference = up + down;
            if down >= steepest {
                steepest = down;
            }
            if difference > 0.0 {
                let curvature = diagonal[i] + diagonal[j] + sign * f64::from(q[j]);
                let curvature = if curvature > 0.0 { curvature } else { TAU };
                let change = -(difference * difference) / curvature;
                if change <= best.0 {
                    best = (change, Some(j));
                }
            }
        }
        (steepest, best.1)
    }

    /// Minimizes along the pair, within bounds, and updates the gradient.
    fn step(&mut self, i: usize, j: usize) {
        self.matrix.load(0, i, self.active);
        self.matrix.load(1, j, self.active);
        let old = (self.alpha[i], self.alpha[j]);
        let (a, b) = self.optimum(i, j);
        (self.alpha[i], self.alpha[j]) = (a, b);
        let (by_i, by_j) = (a - old.0, b - old.1);
        let rows = self.matrix.row(0).iter().zip(self.matrix.row(1));
        for (g, (q_i, q_j)) in self.gradient[..self.active].iter_mut().zip(rows) {
            *g += f64::from(*q_i) * by_i + f64::from(*q_j) * by_j;
        }
        for at in [i, j] {
            self.update_bound(at);
        }
    }

    /// Where both variables are best, kept in their box.
    fn optimum(&self, i: usize, j: usize) -> (f64, f64) {
        let (q_ij, diagonal) = (f64::from(self.matrix.row(0)[j]), self.matrix.diagonal());
        let positive = |x: f64| if x <= 0.0 { TAU } else { x };
        let (c_i, c_j, mut a, mut b) = (self.c[i], self.c[j], self.alpha[i], self.alpha[j]);
        if self.positive[i] != self.positive[j] {
            let curvature = positive(diagonal[i] + diagonal[j] + 2.0 * q_ij);
            let delta = (-self.gradient[i] - self.gradient[j]) / curvature;
            let difference = a - b;
            (a, b) = (a + delta, b + delta);
            if difference > 0.0 {
                if b < 0.0 {
                    (a, b) = (difference, 0.0);
                }
            } else if a < 0.0 {
                (a, b) = (0.0, -difference);
            }
            if difference > c_i - c_j {
                if a > c_i {
                    (a, b) = (c_i, c_i - difference);
                }
            } else if b > c_j {
                (a, b) = (c_j + difference, c_j);
            }
        } else {
            let curvature = positive(diagonal[i] + diagonal[j] - 2.0 * q_ij);
            let delta = (self.gradient[i] - self.gradient[j]) / curvature;
            let sum = a + b;
            (a, b) = (a - delta, b + delta);
            if sum > c_i {
                if a > c_i {
                    (a, b) = (c_i, sum - c_i);
                }
            } else if b < 0.0 {
                (a, b) = (sum, 0.0);
            }
            if sum > c_j {
                if b > c_j {
                    (a, b) = (sum - c_j, c_j);
                }
            } else if a < 0.0 {
                (a, b) = (0.0, sum);
            }
        }
        (a, b)
    }

    /// Notes at which bound a variable is; when it comes to the upper one or leaves it, the fixed gradient changes.
    fn update_bound(&mut self, at: usize) {
        let (was, alpha) = (self.bound[at], self.alpha[at]);
        self.bound[at] = match alpha {
            a if a >= self.c[at] => Bound::Upper,
            a if a <= 0.0 => Bound::Lower,
            _ => Bound::Free,
        };
        let (was, is) = (was == Bound::Upper, self.bound[at] == Bound::Upper);
        if was != is {
            let by = if is { self.c[at] } else { -self.c[at] };
            self.matrix.load(0, at, self.alpha.len());
            let row = self.matrix.row(0);
            self.fixed.iter_mut().zip(row).for_each(|(g, q)| *g += by * f64::from(*q));
        }
    }

    /// Leaves out variables that will stay at their bound.
    fn shrink(&mut self) {
        let (mut up, mut down) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for t in 0..self.active {
            let (g, bound) = (self.gradient[t], self.bound[t]);
            let (rises, falls) = (bound != Bound::Upper, bound != Bound::Lower);
            let (to_up, to_down) = if self.positive[t] { (rises, falls) } else { (falls, rises) };
            let slope = if self.positive[t] { g } else { -g };
            if to_up && -slope >= up {
                up = -slope;
            }
            if to_down && slope >= down {
                down = slope;
            }
        }
        if !self.unshrunk && up + down <= self.stop.tol * 10.0 {
            self.unshrunk = true;
            self.unshrink();
        }
        let mut i = 0;
        while i < self.active {
            if self.stays(i, up, down) {
                self.active -= 1;
                while self.active > i {
                    if !self.stays(self.active, up, down) {
                        self.swap(i, self.active);
                        break;
                    }
                    self.active -= 1;
                }
            }
            i += 1;
        }
    }

    /// `be_shrunk`.
    fn stays(&self, at: usize, up: f64, down: f64) -> bool {
        let g = self.gradient[at];
        match (self.bound[at], self.positive[at]) {
            (Bound::Upper, true) => -g > up,
            (Bound::Upper, false) => -g > down,
            (Bound::Lower, true) => g > down,
            (Bound::Lower, false) => g > up,
            (Bound::Free, _) => false,
        }
    }

    /// Makes all variables active again.
    fn unshrink(&mut self) {
        let (n, active) = (self.alpha.len(), self.active);
        if active == n {
            return;
        }
        for j in active..n {
            self.gradient[j] = self.fixed[j] + self.p[j];
        }
        let free = (0..active).filter(|j| self.bound[*j] == Bound::Free).collect::<Vec<_>>();
        if free.len() * n > 2 * active * (n - active) {
            for i in active..n {
                self.matrix.load(0, i, active);
                let row = self.matrix.row(0);
                for j in &free {
                    self.gradient[i] += self.alpha[*j] * f64::from(row[*j]);
                }
            }
        } else {
            for i in free {
                self.matrix.load(0, i, n);
                let (alpha, row) = (self.alpha[i], self.matrix.row(0));
                self.gradient[active..].iter_mut().zip(&row[active..]).for_each(|(g, q)| *g += alpha * f64::from(*q));
            }
        }
        self.active = n;
    }

    fn swap(&mut self, i: usize, j: usize) {
        self.matrix.swap(i, j);
        self.original.swap(i, j);
        self.positive.swap(i, j);
        self.c.swap(i, j);
        self.p.swap(i, j);
        self.alpha.swap(i, j);
        self.bound.swap(i, j);
        self.gradient.swap(i, j);
        self.fixed.swap(i, j);
    }

    /// The offset: the mean slope of free variables, or the middle of what the others allow.
    fn rho(&self) -> f64 {
        let (mut high, mut low, mut sum, mut free) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0usize);
        for t in 0..self.active {
            let slope = if self.positive[t] { self.gradient[t] } else { -self.gradient[t] };
            match (self.bound[t], self.positive[t]) {
                (Bound::Free, _) => {
                    free += 1;
                    sum += slope;
                }
                (Bound::Upper, false) | (Bound::Lower, true) => high = high.min(slope),
                (Bound::Upper, true) | (Bound::Lower, false) => low = low.max(slope),
            }
        }
        if free > 0 { sum / free as f64 } else { (high + low) / 2.0 }
    }
}
