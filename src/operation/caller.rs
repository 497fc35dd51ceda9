//! What sends the requests of a client.

use std::fmt;
use std::sync::Arc;

use super::{Operation, Request, RequestBuilder, Vendor, reading};
use crate::operation::Error;
use crate::transport::{CallName, Connection, Failure, Transport};

/// What a client sends its requests with. Cheap to clone: all clones share it.
pub struct Caller<V: Vendor> {
    shared: Arc<Shared<V>>,
}

struct Shared<V: Vendor> {
    transport: Transport,
    settings: V::Settings,
}

impl<V: Vendor> Caller<V> {
    pub(crate) fn new(transport: Transport, settings: V::Settings) -> Self {
        Self { shared: Arc::new(Shared { transport, settings }) }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    pub(crate) fn settings(&self) -> &V::Settings {
        &self.shared.settings
    }

    /// A builder of a call.
    pub(crate) fn request<O: Operation<Vendor = V>>(&self, operation: O) -> RequestBuilder<O> {
        RequestBuilder::new(self.clone(), operation)
    }

    /// For what needs the runtime before it sends its first call: an error if no call can be made from here.
    pub(crate) fn check_runtime(&self, call: impl FnOnce() -> CallName) -> Result<(), Error<V>> {
        self.transport().check_runtime().map_err(|cause| Error::nothing_sent(call(), cause))
    }

    /// Looks at what the request relies on, and sends it. Everything that a client sends for its user goes through here.
    pub(crate) async fn execute<O: Operation<Vendor = V>>(
        &self,
        request: Arc<Request<O>>,
    ) -> Result<O::Outcome, Error<V>> {
        request.verify(self).await?;
        Self::exchange(self.transport(), request, None).await
    }

    /// The same over a connection of its own, whatever the operation declares.
    pub(super) async fn execute_alone<O: Operation<Vendor = V>>(
        &self,
        request: Arc<Request<O>>,
    ) -> Result<O::Outcome, Error<V>> {
        request.verify(self).await?;
        Self::exchange(self.transport(), request, Some(Connection::Own)).await
    }

    /// Sends it over this transport, without a look before.
    pub(crate) async fn send_over<O: Operation<Vendor = V>>(
        transport: &Transport,
        request: Arc<Request<O>>,
    ) -> Result<O::Outcome, Error<V>> {
        Self::exchange(transport, request, None).await
    }

    /// What is large is made where it is used: it would be copied into each future on its way.
    async fn exchange<O: Operation<Vendor = V>>(
        transport: &Transport,
        request: Arc<Request<O>>,
        over: Option<Connection>,
    ) -> Result<O::Outcome, Error<V>> {
        let exchange = match request.call() {
            Ok(mut call) => {
                call.connection = over.unwrap_or(call.connection);
                transport.execute(call).await
            }
            Err(cause) => Err(Failure::nothing_sent(request.call_name(), cause)),
        };
        match exchange {
            Ok(exchange) if reading::is_large(&request, &exchange) => reading::read_large(request, exchange).await,
            Ok(exchange) => request.read(exchange),
            Err(failure) => Err(Error::from_failure(failure, request)),
        }
    }
}

impl<V: Vendor> Clone for Caller<V> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<V: Vendor> fmt::Debug for Caller<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { transport, settings } = &*self.shared;
        f.debug_struct("Caller").field("transport", transport).field("settings", settings).finish()
    }
}
