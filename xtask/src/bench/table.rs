//! What was measured side by side in one run, in rows, and what was to come of it.

use serde_json::{Value, json};

/// Measurements of things that do the same, or that bound it.
pub(super) struct Table {
    name: &'static str,
    unit: &'static str,
    rows: Vec<Row>,
    claims: Vec<Claim>,
}

/// One of them; the first of a table is what the others are compared with.
struct Row {
    name: String,
    samples: Vec<f64>,
}

/// A ratio, or a figure, that is to stay on one side of a bound.
struct Claim {
    what: String,
    figure: f64,
    bound: Bound,
}

/// A side of a bound.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bound) => figure <= bound,
            Self::AtLeast(bound) => figure >= bound,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "at most {bound}"),
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
        }
    }
}

impl Table {
    pub(super) fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, rows: Vec::new(), claims: Vec::new() }
    }

    /// One measurement of that name.
    pub(super) fn add(&mut self, name: &str, sample: f64) {
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.samples.push(sample),
            None => self.rows.push(Row { name: name.to_owned(), samples: vec![sample] }),
        }
    }

    /// The median of a name's measurements.
    pub(super) fn median(&self, name: &str) -> f64 {
        self.rows.iter().find(|row| row.name == name).map_or(f64::NAN, Row::median)
    }

    /// Says that one is to be within a bound of another, by their medians.
    pub(super) fn claim(&mut self, name: &str, of: &str, bound: Bound) {
        let figure = self.median(name) / self.median(of);
        self.claims.push(Claim { what: format!("{name} / {of}"), figure, bound });
    }

    /// Says that a median is to be within a bound.
    pub(super) fn claim_alone(&mut self, name: &str, bound: Bound) {
        let what = format!("{name}, {}", self.unit);
        self.claims.push(Claim { what, figure: self.median(name), bound });
    }

    /// For a person: in Markdown, so that it can be kept as it is.
    pub(super) fn print(&self) {
        println!("\n### {}\n", self.name);
        println!("| {} | median | middle half | runs | ratio |", self.unit);
        println!("|---|---:|---:|---:|---:|");
        let first = self.rows.first().map_or(f64::NAN, Row::median);
        for row in &self.rows {
            let (median, [low, high]) = (row.median(), row.middle());
            let (count, ratio) = (row.samples.len(), median / first);
            let name = &row.name;
            println!("| {name} | {} | {} – {} | {count} | {ratio:.2} |", shown(median), shown(low), shown(high));
        }
        for Claim { what, figure, bound } in &self.claims {
            let holds = if bound.holds(*figure) { "holds" } else { "DOES NOT HOLD" };
            println!("\n- {what}: {figure:.2}, to be {bound}: {holds}");
        }
    }

    pub(super) fn json(&self) -> Value {
        let row = |row: &Row| {
            let [low, high] = row.middle();
            json!({"name": row.name, "median": row.median(), "low": low, "high": high, "runs": row.samples.len()})
        };
        let claim = |Claim { what, figure, bound }: &Claim| json!({"what": what, "figure": figure, "bound": bound.to_string(), "holds": bound.holds(*figure)});
        json!({
            "name": self.name,
            "unit": self.unit,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "claims": self.claims.iter().map(claim).collect::<Vec<_>>(),
        })
    }
}

impl Row {
    fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// What the middle half of the measurements lies between.
    fn middle(&self) -> [f64; 2] {
        [self.at(0.25), self.at(0.75)]
    }

    fn at(&self, share: f64) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (sorted.len().saturating_sub(1)) as f64 * share;
        sorted.get(place.round() as usize).copied().unwrap_or(f64::NAN)
    }
}

fn shown(figure: f64) -> String {
    match figure {
        large if large >= 100.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_the_middle_half_do_not_depend_on_the_order() {
        let row = Row { name: "one".to_owned(), samples: vec![5.0, 1.0, 4.0, 2.0, 3.0] };
        assert_eq!((row.median(), row.middle()), (3.0, [2.0, 4.0]));
    }

    #[test]
    fn a_claim_holds_on_its_side_of_the_bound() {
        assert!(Bound::AtMost(1.5).holds(1.5) && !Bound::AtMost(1.5).holds(1.51));
        assert!(Bound::AtLeast(80.0).holds(80.0) && !Bound::AtLeast(80.0).holds(79.0));
        assert!(!Bound::AtMost(1.5).holds(f64::NAN) && !Bound::AtLeast(1.5).holds(f64::NAN));
    }
}
