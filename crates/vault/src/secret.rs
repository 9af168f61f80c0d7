//! What every secret of this crate has in common: zeroized, silent in `Debug`, compared in constant time.

/// Declares newtypes over 32 secret bytes.
macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// A fresh one.
            pub fn make(rng: &mut dyn rand_core::CryptoRng) -> Self {
                Self($crate::make_bytes(rng))
            }

            #[allow(dead_code, reason = "each kind of secret uses the part of these that it needs")]
            pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            pub(crate) const fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(secret)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
            }
        }

        impl Eq for $name {}
    )+};
}

pub(crate) use secrets;
