//! 8 kHz μ-law, the sound of the telephone.
