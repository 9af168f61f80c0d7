//! What is asked before the worker listens. It is loaded again and again where there is no connection.

use app::vault::{Trouble, TroubleKind};
use wasm_bindgen::JsValue;

use crate::message::Command;

/// How often the worker is loaded in vain before whoever waits at a form is told. The rest waits on, but nobody is to look
/// at a button for ever.
const TRIES_AT_A_FORM: u32 = 4;

/// Questions that nobody hears yet.
#[derive(Default)]
pub(super) struct Early {
    questions: Vec<Question>,
    failures: u32,
}

struct Question {
    number: u32,
    message: JsValue,
    /// Whether somebody pressed the button of a form for it.
    is_form: bool,
}

impl Early {
    /// Keeps a question for later.
    pub(super) fn push(&mut self, number: u32, command: &Command, message: JsValue) {
        let is_form = matches!(command, Command::SignUp(..) | Command::SignIn(..) | Command::Recover(..));
        self.questions.push(Question { number, message, is_form });
    }

    /// The worker could not be loaded once more; gives the numbers of the questions that wait no longer.
    pub(super) fn failed(&mut self) -> Vec<u32> {
        self.failures += 1;
        if self.failures < TRIES_AT_A_FORM {
            return Vec::new();
        }
        self.questions.extract_if(.., |asked| asked.is_form).map(|asked| asked.number).collect()
    }

    /// What is to be asked now that somebody listens, in order.
    pub(super) fn into_messages(self) -> impl Iterator<Item = JsValue> {
        self.questions.into_iter().map(|asked| asked.message)
    }
}

/// What whoever waited at a form is told.
pub(super) fn not_loaded() -> Trouble {
    Trouble {
        happened: "HealthBridge cannot be reached just now. Nothing was lost.".to_owned(),
        kind: TroubleKind::Offline,
    }
}
