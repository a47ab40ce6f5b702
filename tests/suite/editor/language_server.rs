//! A language server on standard input and output, spoken to as editors do.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// How long an answer may take: long enough for a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running server; ended when dropped.
pub struct LanguageServer {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    requests: u64,
}

/// A text in the editor.
pub struct Document {
    uri: String,
    text: String,
}

/// Something that the editor underlines.
#[derive(Debug)]
pub struct Finding {
    message: String,
    start: Position,
    end: Position,
}

/// Line and character, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    line: usize,
    character: usize,
}

impl Document {
    pub fn new(name: &str, text: &str) -> Self {
        Self { uri: format!("file:///recipes/{name}/recipe.yaml"), text: text.to_owned() }
    }

    /// Where a part of the text begins.
    pub fn start_of(&self, part: &str) -> Position {
        self.position(self.text.find(part).expect("the part is in the text"))
    }

    /// Where a part of the text ends.
    pub fn end_of(&self, part: &str) -> Position {
        self.position(self.text.find(part).expect("the part is in the text") + part.len())
    }

    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).expect("a place between characters");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position { line: before.matches('\n').count(), character: offset - line_start }
    }
}

impl Finding {
    /// What is underlined: of several lines the part on the first.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        let line = text.lines().nth(self.start.line).expect("the line is in the text");
        let end = if self.end.line == self.start.line { self.end.character } else { line.len() };
        line.get(self.start.character..end).expect("a place between characters")
    }

    /// Whether it begins on a line, and not because something is missing there.
    pub fn is_about_line(&self, line: usize) -> bool {
        self.start.line == line && !self.message.contains("Missing property")
    }
}

impl LanguageServer {
    /// Starts the server of a script for Node.
    pub fn start(script: &str) -> Self {
        let mut child = Command::new("node")
            .args([script, "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, input, messages, requests: 0 };
        server.request("initialize", json!({
            "processId": std::process::id(),
            "rootUri": null,
            "capabilities": { "textDocument": { "publishDiagnostics": {} }, "workspace": { "configuration": true } },
        }));
        server.notify("initialized", json!({}));
        server
    }

    /// Opens a text; what is found in it.
    pub fn open(&mut self, document: &Document) -> Vec<Finding> {
        self.open_all(std::slice::from_ref(document)).pop().expect("the findings of the document")
    }

    /// Opens texts; what is found in each. The server waits a moment before it looks at a text, for all of them at once.
    pub fn open_all(&mut self, documents: &[Document]) -> Vec<Vec<Finding>> {
        for document in documents {
            self.notify(
                "textDocument/didOpen",
                json!({ "textDocument": {
                    "uri": document.uri, "languageId": "yaml", "version": 1, "text": document.text,
                }}),
            );
        }
        let mut found: HashMap<String, Vec<Finding>> = HashMap::new();
        while documents.iter().any(|document| !found.contains_key(&document.uri)) {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics" {
                let findings = message["params"]["diagnostics"].as_array().expect("a list");
                let uri = message["params"]["uri"].as_str().expect("a text").to_owned();
                found.insert(uri, findings.iter().map(finding).collect());
            }
        }
        documents.iter().map(|document| found.remove(&document.uri).unwrap_or_default()).collect()
    }

    /// The labels that are offered at a place.
    pub fn completions(&mut self, document: &Document, position: Position) -> Vec<String> {
        let answer = self.request("textDocument/completion", place(document, position));
        let items = answer["items"].as_array().or(answer.as_array()).expect("a list of completions");
        items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    }

    /// What is shown for the word at a place.
    pub fn hover(&mut self, document: &Document, position: Position) -> String {
        let answer = self.request("textDocument/hover", place(document, position));
        answer["contents"]["value"]
            .as_str()
            .unwrap_or_else(|| panic!("nothing is shown: {answer}"))
            .to_owned()
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{message}");
                return message["result"].clone();
            }
        }
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message. What the server asks is answered: an editor without settings of its own, and no catalogue of schemas.
    fn receive(&mut self) -> Value {
        let message = self.messages.recv_timeout(TIMEOUT).expect("an answer of the language server");
        if let (Some(id), Some(method)) = (message.get("id"), message["method"].as_str()) {
            let result = match method {
                "workspace/configuration" => {
                    let sections = message["params"]["items"].as_array().expect("what is asked for");
                    sections
                        .iter()
                        .map(|item| settings(item["section"].as_str().unwrap_or_default()))
                        .collect()
                }
                _ => Value::Null,
            };
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
        }
        message
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server listens");
        self.input.flush().expect("the server listens");
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings(section: &str) -> Value {
    match section {
        "yaml" => {
            json!({ "validate": true, "hover": true, "completion": true, "schemaStore": { "enable": false } })
        }
        _ => json!({}),
    }
}

fn place(document: &Document, position: Position) -> Value {
    json!({
        "textDocument": { "uri": document.uri },
        "position": { "line": position.line, "character": position.character },
    })
}

fn finding(value: &Value) -> Finding {
    let position = |value: &Value| {
        let number =
            |key: &str| usize::try_from(value[key].as_u64().expect("a number")).expect("a small one");
        Position { line: number("line"), character: number("character") }
    };
    Finding {
        message: value["message"].as_str().unwrap_or_default().to_owned(),
        start: position(&value["range"]["start"]),
        end: position(&value["range"]["end"]),
    }
}

/// One message; `None` when the server has ended.
fn read_message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("Content-Length") => {
                length = value.parse().ok()?;
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
