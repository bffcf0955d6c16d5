//! Just enough of an XML tree for XForms.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

#[derive(Debug, Clone, Default)]
pub struct Element {
    /// Without its prefix.
    pub name: String,
    /// With their prefixes.
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

#[derive(Debug, Clone)]
pub enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub fn parse(text: &str) -> Option<Element> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Element::default()];
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => open.push(element(&start)),
                Event::Empty(start) => {
                    let element = element(&start);
                    open.last_mut()?.children.push(Node::Element(element));
                }
                Event::End(_) => {
                    let done = open.pop()?;
                    open.last_mut()?.children.push(Node::Element(done));
                }
                Event::Text(text) => open.last_mut()?.children.push(Node::Text(text.xml10_content().into_owned())),
                Event::CData(text) => open.last_mut()?.children.push(Node::Text(text.xml10_content().into_owned())),
                Event::GeneralRef(reference) => {
                    let text = match reference.resolve_char_ref().ok()? {
                        Some(c) => c.to_string(),
                        None => quick_xml::escape::resolve_xml_entity(&reference.xml10_content())?.to_owned(),
                    };
                    open.last_mut()?.children.push(Node::Text(text));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let mut top = open.pop().filter(|_| open.is_empty())?;
        let at = top.children.iter().position(|child| matches!(child, Node::Element(_)))?;
        match top.children.swap_remove(at) {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }
    /// The text of all that is inside.
    pub fn text(&self) -> String {
        let parts = self.children.iter().map(|child| match child {
            Node::Text(text) => text.clone(),
            Node::Element(element) => element.text(),
        });
        parts.collect()
    }
    /// Calls `visit` with every element inside, outermost first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Element)) {
        for element in self.elements() {
            visit(element);
            element.walk(visit);
        }
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    let attributes = start.attributes().flatten().map(|attribute| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map(|value| value.into_owned());
        (attribute.key.as_ref().to_owned(), value.unwrap_or_default())
    });
    Element { name: start.local_name().as_ref().to_owned(), attributes: attributes.collect(), children: Vec::new() }
}
