//! Smoothing: exponential, with a stated constant, of what is shown; never of what is stored.

use sims::kernel::time::Span;

/// A sixtieth of the window: what changes slower than that is still seen as it is.
const PART: f64 = 60.0;

/// The time constant for a window of so many seconds, rounded to one digit so that it can be said.
pub fn constant((from, to): (f64, f64)) -> Span {
    let exact = ((to - from) / PART).max(1e-6);
    let power = 10f64.powi(sims::kernel::math::log10(exact).floor() as i32);
    Span::from_secs_f64((exact / power).round() * power)
}

/// Each value moves towards the measured one by as much as the time since the last one allows. The first stands as it is.
pub fn smooth(points: &mut [(f64, f64)], constant: f64) {
    let mut last: Option<(f64, f64)> = None;
    for point in points.iter_mut() {
        if let Some((at, level)) = last.filter(|(_, level)| level.is_finite()) {
            let weight = 1.0 - sims::kernel::math::exp(-(point.0 - at).max(0.0) / constant.max(1e-9));
            point.1 = level + (point.1 - level) * weight;
        }
        last = Some(*point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_two_thirds_there_after_one_constant_whatever_the_grid() {
        for gap in [0.1, 0.01] {
            let mut points: Vec<(f64, f64)> = (0..1000).map(|n| (f64::from(n) * gap, if n == 0 { 0.0 } else { 1.0 })).collect();
            smooth(&mut points, 1.0);
            let after = points.iter().find(|p| p.0 >= 1.0).unwrap().1;
            assert!((after - 0.632).abs() < 0.01, "{after} with a grid of {gap}");
            assert!(points.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        }
        let mut still = vec![(0.0, 5.0), (1.0, 5.0)];
        smooth(&mut still, 1.0);
        assert_eq!(still, [(0.0, 5.0), (1.0, 5.0)]);
    }

    #[test]
    fn the_constant_can_be_said() {
        assert_eq!(constant((0.0, 60.0)), Span::secs(1));
        assert_eq!(constant((0.0, 10.0)), Span::millis(200));
        assert_eq!(constant((100.0, 700.0)), Span::secs(10));
    }
}
