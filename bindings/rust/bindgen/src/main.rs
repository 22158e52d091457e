//! Writes the declarations of ltx-sys from the C header: `ltx-bindgen include/ltx_c.h > ltx-sys/src/bindings.rs`.
//!
//! bindgen does the work. Three things are put into the shape of the crate: comments become Markdown, the constants of an
//! enumeration get its type (`i32`), and the functions become one list in a macro call, which ltx-sys expands to linked
//! declarations or, with `load-dynamic`, to a table that is filled at run time.

use std::process::ExitCode;

use bindgen::callbacks::ParseCallbacks;

const HEAD: &str = "\
// Written by bindgen/ from include/ltx_c.h. Do not edit.
";

/// `@param`, `@return`, `@thread` and `@since` as Markdown.
#[derive(Debug)]
struct Comments;

impl ParseCallbacks for Comments {
    fn process_comment(&self, comment: &str) -> Option<String> {
        let mut out = String::new();
        for line in comment.lines().map(str::trim) {
            let line = if let Some(rest) = line.strip_prefix("@param ") {
                let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("* `{name}`: {}", text.trim())
            } else if let Some(text) = line.strip_prefix("@return ") {
                format!("\nReturns {text}")
            } else if let Some(rest) = line.strip_prefix("@thread ") {
                let (class, since) = rest.split_once("@since").unwrap_or((rest, "?"));
                format!("\nThread class {}, since {}.", class.trim(), since.trim())
            } else {
                line.to_owned()
            };
            out += &line.replace('[', "\\[").replace(']', "\\]");
            out.push('\n');
        }
        Some(out.trim_end().to_owned())
    }
}

/// The constants of an anonymous enumeration are those of the `int32_t` type above it.
fn enumerations_are_i32(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.starts_with("pub type _bindgen_ty_")) {
        match line.split_once(": _bindgen_ty_") {
            Some((name, rest)) => {
                let (_, value) = rest.split_once(" = ").expect("a constant has a value");
                out += &format!("{name}: i32 = {value}\n");
            }
            None => out += &format!("{line}\n"),
        }
    }
    out
}

fn main() -> ExitCode {
    let Some(header) = std::env::args().nth(1) else {
        eprintln!("usage: ltx-bindgen HEADER");
        return ExitCode::from(2);
    };
    let bindings = bindgen::Builder::default()
        .header(header)
        .allowlist_item("(ltx|LTX)_.*")
        .blocklist_item("LTX_(API|NOEXCEPT)")
        .default_enum_style(bindgen::EnumVariation::Consts)
        .prepend_enum_name(false)
        .layout_tests(true)
        .use_core()
        .merge_extern_blocks(true)
        .disable_header_comment()
        .formatter(bindgen::Formatter::Prettyplease) // rustfmt would make it depend on the machine
        .parse_callbacks(Box::new(Comments))
        .rust_target(bindgen::RustTarget::stable(77, 0).expect("the declared minimum"))
        .generate();
    match bindings {
        Ok(bindings) => {
            let text = enumerations_are_i32(&bindings.to_string()).replace("extern \"C\" {\n", "functions! {\n");
            print!("{HEAD}{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
