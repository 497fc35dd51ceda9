//! OpenTelemetry spans and metrics from the crate's `tracing` output.
//!
//! `tracing-opentelemetry` exports the spans, whose fields follow the OpenTelemetry conventions for HTTP clients. The layer below
//! derives metrics from the same spans and events: the number of changes by outcome, the number of retries, and the duration of
//! calls. This example prints both; a real program uses an OTLP exporter.
//!
//! ```text
//! cargo run --manifest-path examples/integrations/Cargo.toml --bin open_telemetry
//! ```

use std::time::Instant;

use clm::keyfactor::{CertificateLocation, Client, Schedule};
use clm::testing::{FakeKeyfactor, KeyfactorCall};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Metrics from the crate's spans and events.
struct Metrics {
    /// By operation and result; alert on `outcome unknown`.
    changes: Counter<u64>,
    /// Attempts after the first one.
    resends: Counter<u64>,
    /// In seconds, by operation.
    duration: Histogram<f64>,
}

impl Metrics {
    fn new(meter: &Meter) -> Self {
        Self {
            changes: meter.u64_counter("clm.changes").build(),
            resends: meter.u64_counter("clm.resends").build(),
            duration: meter.f64_histogram("clm.call.duration").with_unit("s").build(),
        }
    }
}

/// The fields of a span or an event that the metrics use.
#[derive(Clone, Default)]
struct Fields {
    operation: String,
    ended: String,
    resend_count: u64,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "clm.operation" => self.operation = value.to_owned(),
            "ended" => self.ended = value.to_owned(),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "http.request.resend_count" {
            self.resend_count = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Stored in the span of a call.
struct Call {
    operation: String,
    began: Instant,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Metrics {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() != "clm.call" {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Call { operation: fields.operation, began: Instant::now() });
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if event.metadata().target() == "clm::audit" {
            let operation = KeyValue::new("clm.operation", fields.operation);
            self.changes.add(1, &[operation, KeyValue::new("ended", fields.ended)]);
        } else if fields.resend_count > 0 {
            self.resends.add(1, &[]);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        if let Some(Call { operation, began }) = span.extensions().get::<Call>() {
            let operation = KeyValue::new("clm.operation", operation.clone());
            self.duration.record(began.elapsed().as_secs_f64(), &[operation]);
        }
    }
}

/// Without this filter, the spans contain the events of the HTTP library as well.
fn is_of_clm(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("clm")
}

/// One read that is refused once and retried, one removal, and one removal whose response is lost.
async fn work(fake: &FakeKeyfactor, keyfactor: &Client) {
    let store = fake.add_store();
    fake.add_certificate(store, "www.example.com.pfx");
    let stores = keyfactor.certificate_stores();
    fake.refuse_next(503, 1).of(KeyfactorCall::GetStore);
    let read = stores.get(store).send().await;
    println!("read: {}", if read.is_ok() { "done" } else { "failed" });
    let location = CertificateLocation::new(store, "www.example.com.pfx");
    for lost in [0, 1] {
        if lost == 1 {
            fake.lose_answers(1).of(KeyfactorCall::RemoveCertificates);
        }
        match stores.remove_certificates([location.clone()], Schedule::Immediate).send().await {
            Ok(removal) => println!("scheduled: {} job(s)", removal.job_ids().len()),
            Err(error) => println!("{error}"),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spans =
        SdkTracerProvider::builder().with_simple_exporter(opentelemetry_stdout::SpanExporter::default()).build();
    let metrics =
        SdkMeterProvider::builder().with_periodic_exporter(opentelemetry_stdout::MetricExporter::default()).build();
    let subscriber = tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(spans.tracer("clm")).with_filter(filter_fn(is_of_clm)))
        .with(Metrics::new(&metrics.meter("clm")));
    tracing::subscriber::set_global_default(subscriber)?;

    let fake = FakeKeyfactor::start().await;
    work(&fake, &fake.client()).await;

    spans.shutdown()?;
    metrics.shutdown()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
    use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader};
    use opentelemetry_sdk::trace::InMemorySpanExporter;

    #[tokio::test]
    async fn spans_and_metrics_tell_what_happened() {
        let (kept_spans, kept_metrics) = (InMemorySpanExporter::default(), InMemoryMetricExporter::default());
        let spans = SdkTracerProvider::builder().with_simple_exporter(kept_spans.clone()).build();
        let reader = PeriodicReader::builder(kept_metrics.clone()).build();
        let metrics = SdkMeterProvider::builder().with_reader(reader).build();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(spans.tracer("clm")).with_filter(filter_fn(is_of_clm)))
            .with(Metrics::new(&metrics.meter("clm")));
        let _guard = tracing::subscriber::set_default(subscriber);

        let fake = FakeKeyfactor::start().await;
        work(&fake, &fake.client()).await;
        metrics.force_flush().unwrap();

        let spans = kept_spans.get_finished_spans().unwrap();
        let templates: Vec<String> = spans
            .iter()
            .filter_map(|span| {
                Some(span.attributes.iter().find(|it| it.key.as_str() == "url.template")?.value.to_string())
            })
            .collect();
        let removal = "CertificateStores/Certificates/Remove";
        assert_eq!(templates, ["CertificateStores/{id}", removal, removal]);

        let mut counts = Vec::new();
        for metric in kept_metrics
            .get_finished_metrics()
            .unwrap()
            .iter()
            .flat_map(|it| it.scope_metrics())
            .flat_map(|it| it.metrics())
        {
            if let AggregatedMetrics::U64(MetricData::Sum(sum)) = metric.data() {
                for point in sum.data_points() {
                    let ended = point.attributes().find(|it| it.key.as_str() == "ended").map(|it| it.value.to_string());
                    counts.push((metric.name().to_owned(), ended.unwrap_or_default(), point.value()));
                }
            }
        }
        counts.sort();
        let expected = [("clm.changes", "accepted", 1), ("clm.changes", "outcome unknown", 1), ("clm.resends", "", 1)];
        assert_eq!(counts, expected.map(|(name, ended, count)| (name.to_owned(), ended.to_owned(), count)));
    }
}
