//! The query language, as far as it is known: `Field -op value`, `AND`, `OR`, parentheses.
//!
//! `AND` binds closer than `OR`; date macros (`%TODAY-7%`) are not read.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use uuid::Uuid;

use crate::testing::text::in_lower_case;

/// A client that joins many clauses nests them.
const DEEPEST: usize = 500;

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
    Guid,
    Time,
}

/// The fields of a list that can be queried.
pub(super) type Fields = [(&'static str, Kind)];

/// What a row has in a field.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Operand<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Number(i64),
    /// A field that holds several values: one that fits is enough.
    Numbers(Vec<i64>),
    Truth(bool),
    Guid(Uuid),
    Time(Timestamp),
}

/// A row of a list.
pub(super) trait Queried {
    /// What it has in a field of its list.
    fn operand(&self, field: &str) -> Operand<'_>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
}

const OPERATORS: [(&str, Operator); 10] = [
    ("-eq", Operator::Eq),
    ("-ne", Operator::Ne),
    ("-gt", Operator::Gt),
    ("-lt", Operator::Lt),
    ("-ge", Operator::Ge),
    ("-le", Operator::Le),
    ("-contains", Operator::Contains),
    ("-notcontains", Operator::NotContains),
    ("-startswith", Operator::StartsWith),
    ("-endswith", Operator::EndsWith),
];

/// A query that was read.
#[derive(PartialEq, Debug)]
pub(super) enum Filter {
    All,
    /// The value is of the field's kind, or `Nothing` for `NULL`; text is in lower case.
    Compare(&'static str, Operator, Operand<'static>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
}

impl Filter {
    /// Reads a query. The error says what cannot be read.
    pub(super) fn read(text: &str, fields: &Fields) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable(), fields, depth: 0 };
        let filter = parser.either()?;
        match parser.tokens.next() {
            None => Ok(filter),
            Some(token) => Err(format!("unexpected {token:?}")),
        }
    }

    pub(super) fn takes(&self, row: &impl Queried) -> bool {
        match self {
            Self::All => true,
            Self::Compare(field, operator, value) => operator.holds(&row.operand(field), value),
            Self::And(parts) => parts.iter().all(|part| part.takes(row)),
            Self::Or(parts) => parts.iter().any(|part| part.takes(row)),
        }
    }

    /// The values of which a row must have one in this field; `None` if the query leaves that open. With it a list need
    /// not look at all its rows.
    pub(super) fn only(&self, field: &str) -> Option<Vec<&Operand<'static>>> {
        match self {
            Self::Compare(name, Operator::Eq, value) if *name == field => Some(vec![value]),
            Self::All | Self::Compare(..) => None,
            Self::And(parts) => parts.iter().find_map(|part| part.only(field)),
            Self::Or(parts) => {
                let values: Option<Vec<_>> = parts.iter().map(|part| part.only(field)).collect();
                Some(values?.into_iter().flatten().collect())
            }
        }
    }
}

impl Operator {
    fn holds(self, found: &Operand<'_>, asked: &Operand<'_>) -> bool {
        let found = match found {
            Operand::Text(text) => &Operand::Text(in_lower_case(text)),
            Operand::Numbers(numbers) => {
                return numbers.iter().any(|number| self.holds(&Operand::Number(*number), asked));
            }
            other => other,
        };
        match self {
            Self::Eq => found == asked,
            Self::Ne => found != asked,
            Self::Gt => compare(found, asked) == Some(Ordering::Greater),
            Self::Lt => compare(found, asked) == Some(Ordering::Less),
            Self::Ge => compare(found, asked).is_some_and(Ordering::is_ge),
            Self::Le => compare(found, asked).is_some_and(Ordering::is_le),
            Self::Contains => both_texts(found, asked).is_some_and(|(found, asked)| found.contains(asked)),
            Self::NotContains => both_texts(found, asked).is_none_or(|(found, asked)| !found.contains(asked)),
            Self::StartsWith => both_texts(found, asked).is_some_and(|(found, asked)| found.starts_with(asked)),
            Self::EndsWith => both_texts(found, asked).is_some_and(|(found, asked)| found.ends_with(asked)),
        }
    }

    fn is_of_text(self) -> bool {
        matches!(self, Self::Contains | Self::NotContains | Self::StartsWith | Self::EndsWith)
    }
}

fn both_texts<'a>(one: &'a Operand<'_>, other: &'a Operand<'_>) -> Option<(&'a str, &'a str)> {
    match (one, other) {
        (Operand::Text(one), Operand::Text(other)) => Some((one, other)),
        _ => None,
    }
}

/// The order of two values of one kind.
pub(super) fn compare(one: &Operand<'_>, other: &Operand<'_>) -> Option<Ordering> {
    match (one, other) {
        (Operand::Text(one), Operand::Text(other)) => Some(one.cmp(other)),
        (Operand::Number(one), Operand::Number(other)) => Some(one.cmp(other)),
        (Operand::Truth(one), Operand::Truth(other)) => Some(one.cmp(other)),
        (Operand::Guid(one), Operand::Guid(other)) => Some(one.cmp(other)),
        (Operand::Time(one), Operand::Time(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Token {
    Open,
    Close,
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, rest.get(1..)),
            ')' => (Token::Close, rest.get(1..)),
            '"' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find('"').ok_or("unclosed quotation mark")?;
                (Token::Quoted(inner.get(..end).unwrap_or_default().to_owned()), inner.get(end + 1..))
            }
            _ => {
                let ends = |it: char| it.is_whitespace() || matches!(it, '(' | ')' | '"');
                let end = rest.find(ends).unwrap_or(rest.len());
                (Token::Word(rest.get(..end).unwrap_or_default().to_owned()), rest.get(end..))
            }
        };
        tokens.push(token);
        rest = after.unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    fields: &'a Fields,
    depth: usize,
}

impl Parser<'_> {
    fn either(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.both()?];
        while self.takes_word("or") {
            parts.push(self.both()?);
        }
        Ok(joined(parts, Filter::Or))
    }

    fn both(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.takes_word("and") {
            parts.push(self.one()?);
        }
        Ok(joined(parts, Filter::And))
    }

    fn one(&mut self) -> Result<Filter, String> {
        match self.tokens.next() {
            Some(Token::Open) if self.depth < DEEPEST => {
                self.depth += 1;
                let inner = self.either()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("unclosed parenthesis".to_owned()),
                }
            }
            Some(Token::Word(name)) => self.comparison(&name),
            Some(token) => Err(format!("unexpected {token:?}")),
            None => Err("unexpected end".to_owned()),
        }
    }

    fn comparison(&mut self, name: &str) -> Result<Filter, String> {
        let field = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        let (field, kind) = *field.ok_or_else(|| format!("unknown field {name}"))?;
        let operator = match self.tokens.next() {
            Some(Token::Word(word)) => OPERATORS.iter().find(|(text, _)| text.eq_ignore_ascii_case(&word)),
            _ => None,
        };
        let (_, operator) = *operator.ok_or_else(|| format!("missing or unknown operator after {name}"))?;
        let value = match self.tokens.next() {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("null") => Operand::Nothing,
            Some(Token::Word(text) | Token::Quoted(text)) => {
                value(&text, kind).ok_or_else(|| format!("the value of {field} is not a {kind:?}"))?
            }
            _ => return Err(format!("missing value for {name}")),
        };
        if operator.is_of_text() && kind != Kind::Text {
            return Err(format!("{field} is not a text field"));
        }
        Ok(Filter::Compare(field, operator, value))
    }

    fn takes_word(&mut self, asked: &str) -> bool {
        self.tokens.next_if(|it| matches!(it, Token::Word(word) if word.eq_ignore_ascii_case(asked))).is_some()
    }
}

fn joined(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn value(text: &str, kind: Kind) -> Option<Operand<'static>> {
    match kind {
        Kind::Text => Some(Operand::Text(text.to_lowercase().into())),
        Kind::Number => text.parse().ok().map(Operand::Number),
        Kind::Truth => text.to_ascii_lowercase().parse().ok().map(Operand::Truth),
        Kind::Guid => text.parse().ok().map(Operand::Guid),
        Kind::Time => text.parse().ok().map(Operand::Time),
    }
}
