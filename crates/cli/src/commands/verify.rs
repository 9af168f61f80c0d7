//! Checks the whole log from its first entry, and every byte of every blob that it names.

use protocol::RecordId;
use serde_json::json;

use crate::failure::Failure;
use crate::output;
use crate::unlock::Context;

/// `verify`
pub(crate) async fn verify(context: &Context) -> Result<(), Failure> {
    let session = context.session().await?;
    let vault = session.own_vault()?;
    session.forget(vault);
    session.sync(vault).await?;
    let (head, ids) = session
        .with_view(vault, |view| (view.head(), view.records().map(|record| record.id).collect::<Vec<RecordId>>()))?;
    let bar = output::bar(context.json, 0);
    bar.set_length(ids.len() as u64);
    let mut bytes = 0_u64;
    for id in &ids {
        let damaged = |error: client::ClientError| Failure::new(format!("record {id}: {error}"));
        let mut reader = session.open(vault, *id).await.map_err(damaged)?;
        reader
            .stream(async |piece| {
                bytes += piece.len() as u64;
                Ok(())
            })
            .await
            .map_err(damaged)?;
        session.thumbnail(vault, *id).await.map_err(damaged)?;
        session.text(vault, *id).await.map_err(damaged)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if context.json {
        return output::json(
            &json!({ "entries": head.seq, "chain": head.chain.to_string(), "records": ids.len(), "bytes": bytes }),
        );
    }
    output::line(format!("All is well: {} entries and {} records verified.", head.seq, ids.len()))
}
