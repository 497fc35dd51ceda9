//! A value whose type is known to whoever asks for it.

use std::any::Any;
use std::fmt;

/// A value of any type that can still be shown.
pub(crate) struct Erased {
    value: Box<dyn Any + Send + Sync>,
    debug: fn(&dyn Any, &mut fmt::Formatter<'_>) -> fmt::Result,
}

impl Erased {
    pub(crate) fn new<T: fmt::Debug + Send + Sync + 'static>(value: T) -> Self {
        let debug = |value: &dyn Any, f: &mut fmt::Formatter<'_>| match value.downcast_ref::<T>() {
            Some(value) => fmt::Debug::fmt(value, f),
            None => Ok(()),
        };
        Self { value: Box::new(value), debug }
    }

    /// The value, if it is of this type.
    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    /// Gives the value back, or itself if it is of another type.
    pub(crate) fn into<T: 'static>(self) -> Result<T, Self> {
        let Self { value, debug } = self;
        value.downcast().map(|value| *value).map_err(|value| Self { value, debug })
    }
}

impl fmt::Debug for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.debug)(&*self.value, f)
    }
}
