//! What a total means in an interviewer's words. The borders are ours, and said to be ours.

use serde::{Deserialize, Serialize};

/// From the best down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Band {
    StrongHire,
    Hire,
    LeanHire,
    LeanNoHire,
    NoHire,
}

impl Band {
    /// The lowest total of each band.
    pub const BORDERS: [(f64, Self); 5] = [(43.0, Self::StrongHire), (36.0, Self::Hire), (29.0, Self::LeanHire), (22.0, Self::LeanNoHire), (0.0, Self::NoHire)];

    pub fn of(total: f64) -> Self {
        Self::BORDERS.into_iter().find(|(from, _)| total >= *from).map_or(Self::NoHire, |(_, band)| band)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::StrongHire => "strong hire",
            Self::Hire => "hire",
            Self::LeanHire => "lean hire",
            Self::LeanNoHire => "lean no hire",
            Self::NoHire => "no hire",
        }
    }

    /// The next band up and the total it begins at.
    pub fn next(self) -> Option<(f64, Self)> {
        let place = Self::BORDERS.iter().position(|(_, band)| *band == self)?;
        Self::BORDERS.get(place.checked_sub(1)?).copied()
    }
}
