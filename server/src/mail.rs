//! Mail: fixed words that say that something happened and where to look, never what is in a record or who is who.

pub mod words;

use std::path::Path;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use url::Url;

use app::api::notices::NoticeKind;

/// Why a mail was not sent, or cannot be.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address of the mail server cannot be used.
    #[error("the mail server's address cannot be used")]
    Address(#[source] lettre::transport::smtp::Error),
    /// The mail server could not be reached.
    #[error("the mail server cannot be reached")]
    Unreachable(#[source] lettre::transport::smtp::Error),
    /// The mail server did not answer in time.
    #[error("the mail server does not answer")]
    Silent,
    /// The mail server refused. What it says may hold the recipient's address, so that only its code is kept.
    #[error("the mail server answered {0}")]
    Refused(u16),
    /// The mail server says what no mail server says. The words are not kept either.
    #[error("the mail server's answer makes no sense")]
    Nonsense,
    /// The folder for mail cannot be written.
    #[error("the folder for mail cannot be written")]
    Folder(#[source] lettre::transport::file::Error),
    /// The folder for mail cannot be made.
    #[error("the folder for mail cannot be made")]
    MakeFolder(#[source] std::io::Error),
    /// An address or a word has no form that a mail can have.
    #[error("a mail of this form cannot be written")]
    Form(#[source] lettre::error::Error),
    /// The recipient's address is not one.
    #[error("the recipient's address is not one")]
    Recipient(#[source] lettre::address::AddressError),
}

impl MailError {
    /// Whether trying again would end in the same way.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(500..) | Self::Form(_) | Self::Recipient(_)) && !self.is_of_all()
    }

    /// Whether it would end in the same way for every mail now, whoever it is to: the mail server is not there, or does
    /// not let this one in (RFC 4954), which its operator can mend.
    pub const fn is_of_all(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Silent | Self::Refused(530 | 534 | 535 | 538))
    }
}

/// How long a mail server may take for one mail, from the connection to its last answer.
const PATIENCE: Duration = Duration::from_mins(2);

/// How mail leaves.
#[derive(Debug)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(AsyncFileTransport<Tokio1Executor>),
}

/// Sends mail.
#[derive(Debug)]
pub struct Mailer {
    way: Way,
    from: Mailbox,
    site: String,
}

impl Mailer {
    /// By SMTP: `smtp://` with STARTTLS (`?tls=required`), or `smtps://`, with name and password in the address.
    pub fn smtp(server: &Url, from: Mailbox, site: String) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.as_str()).map_err(MailError::Address)?;
        Ok(Self { way: Way::Smtp(transport.build()), from, site })
    }

    /// Into a folder, one `.eml` file each.
    pub fn folder(folder: &Path, from: Mailbox, site: String) -> Result<Self, MailError> {
        std::fs::create_dir_all(folder).map_err(MailError::MakeFolder)?;
        Ok(Self { way: Way::Folder(AsyncFileTransport::new(folder)), from, site })
    }

    /// Sends the words of a kind of notice.
    pub async fn send(&self, to: &str, kind: NoticeKind) -> Result<(), MailError> {
        let address = to.parse().map_err(MailError::Recipient)?;
        let words = words::of(kind);
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(words.subject)
            .multipart(MultiPart::alternative_plain_html(words.plain(&self.site), words.html(&self.site)))
            .map_err(MailError::Form)?;
        match &self.way {
            Way::Smtp(transport) => {
                let sent = tokio::time::timeout(PATIENCE, transport.send(message)).await;
                sent.map_err(|_| MailError::Silent)?.map(drop).map_err(|error| match error.status() {
                    Some(code) => MailError::Refused(code.into()),
                    None if error.is_response() => MailError::Nonsense,
                    None => MailError::Unreachable(error),
                })
            }
            Way::Folder(transport) => transport.send(message).await.map(drop).map_err(MailError::Folder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_would_end_in_the_same_way_is_final() {
        assert!(
            MailError::Refused(550).is_final()
                && !MailError::Refused(451).is_final()
                && !MailError::Refused(535).is_final()
                && !MailError::Nonsense.is_final()
        );
        assert!(MailError::Refused(535).is_of_all() && !MailError::Refused(550).is_of_all());
    }
}
