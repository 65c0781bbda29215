import type { Language } from "./language";

/** Macros whose arguments are expressions: read as calls, since the grammar leaves a macro's arguments uncut. */
const LIKE_CALLS =
  /\b(format|concat|env|option_env|print|println|eprintln|write|writeln|panic|bail|info|debug|warn|error|trace)!(?=\s*\()/g;

export const RUST: Language = {
  name: "Rust",
  grammar: "rust",
  extensions: ["rs"],
  interpreters: ["rust-script"],
  aliases: ["rust"],
  prepare: (code) => code.replace(LIKE_CALLS, "$1 "),
  queries: `
    [(line_comment) (block_comment) (attribute_item) (struct_item) (enum_item) (type_arguments)] @skip
    [(identifier) (field_identifier) (type_identifier)] @name
    (self) @self
    [(string_literal) (raw_string_literal)] @text
    (integer_literal) @text
    (field_expression value: (_) @object field: (_) @key) @member
    (scoped_identifier path: (_)? @object name: (_) @key) @member
    (scoped_type_identifier path: (_)? @object name: (_) @key) @member
    (generic_function function: (_) @value) @through
    (generic_type type: (_) @value) @through
    (call_expression function: (_) @callee arguments: (_) @arguments) @call
    (struct_expression name: (_) @callee body: (_) @arguments) @call.made
    (shorthand_field_initializer (identifier) @key @value) @pair
    (field_initializer field: (_) @key value: (_) @value) @pair
    [(try_expression (_) @value) (await_expression (_) @value) (reference_expression value: (_) @value)
      (type_cast_expression value: (_) @value)] @through
    (binary_expression left: (_) @part operator: "+" right: (_) @part) @join
    (if_expression consequence: (_) @option alternative: (_) @option) @choice
    (let_declaration pattern: (_) @target value: (_) @value) @assign
    [(const_item name: (_) @target value: (_) @value) (static_item name: (_) @target value: (_) @value)] @assign
    (assignment_expression left: (_) @target right: (_) @value) @assign
    (function_item name: (_) @called parameters: (_) @parameters body: (_) @body) @function
    (closure_expression parameters: (_) @parameters body: (_) @body) @function
    (parameter pattern: (_) @called) @parameter
    (closure_parameters (identifier) @parameter)
    (impl_item body: (_) @body) @class
    (return_expression (_) @value) @return
    (use_declaration argument: (_) @module) @import
  `,
};
