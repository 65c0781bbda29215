import type { Language } from "./language";

const QUERIES = `
  [(comment) (decorator) (type_annotation) (type_arguments) (interface_declaration) (type_alias_declaration)] @skip
  [(identifier) (property_identifier) (shorthand_property_identifier)] @name
  (this) @self
  [(string) (template_string)] @text
  (number) @text
  (template_substitution (_) @value) @hole
  (member_expression object: (_) @object property: (_) @key) @member
  (subscript_expression object: (_) @object index: (_) @key) @index
  (call_expression function: (_) @callee arguments: (arguments) @arguments) @call
  (new_expression constructor: (_) @callee arguments: (_)? @arguments) @call.made
  (pair key: (_) @key value: (_) @value) @pair
  [(object) (array)] @list
  [(await_expression (_) @value) (as_expression . (_) @value) (satisfies_expression . (_) @value)
    (non_null_expression (_) @value)] @through
  (binary_expression left: (_) @part operator: "+" right: (_) @part) @join
  (binary_expression left: (_) @option operator: ["||" "??"] right: (_) @option) @choice
  (ternary_expression consequence: (_) @option alternative: (_) @option) @choice
  (variable_declarator name: (_) @target value: (_) @value) @assign
  (assignment_expression left: (_) @target right: (_) @value) @assign
  (augmented_assignment_expression left: (_) @target operator: ["||=" "??="] right: (_) @value) @assign
  (public_field_definition name: (_) @target value: (_) @value) @assign.field
  (object_assignment_pattern left: (_) @called right: (_) @value) @parameter
  (shorthand_property_identifier_pattern) @parameter
  (required_parameter pattern: (identifier) @called value: (_)? @value) @parameter
  (optional_parameter pattern: (identifier) @called) @parameter
  (required_parameter (accessibility_modifier) pattern: (identifier) @called value: (_)? @value) @parameter.field
  (arrow_function parameter: (identifier) @parameter)
  (function_declaration name: (_) @called parameters: (_) @parameters body: (_) @body) @function
  (function_expression parameters: (_) @parameters body: (_) @body) @function
  (method_definition name: (_) @called parameters: (_) @parameters body: (_) @body) @function
  (arrow_function parameters: (_) @parameters body: (_) @body) @function
  (arrow_function parameter: (_) @parameters body: (_) @body) @function
  (class_body) @class
  (return_statement (_) @value) @return
  (import_statement (import_clause (identifier) @called)? source: (_) @module) @import
  (import_statement (import_clause (named_imports (import_specifier name: (_) @called))) source: (_) @module) @import
  (import_statement (import_clause (namespace_import (_) @called)) source: (_) @module) @import
`;

export const TYPESCRIPT: Language = {
  name: "TypeScript",
  grammar: "typescript",
  extensions: ["ts", "mts", "cts"],
  interpreters: ["ts-node", "tsx", "deno"],
  aliases: ["typescript", "deno"],
  queries: QUERIES,
};

/** The grammar of TypeScript with markup takes all that JavaScript is, and types where somebody wrote some. */
export const JAVASCRIPT: Language = {
  name: "JavaScript",
  grammar: "tsx",
  extensions: ["js", "mjs", "cjs", "jsx", "tsx", "gs"],
  interpreters: ["node", "bun", "zx"],
  aliases: ["javascript", "node"],
  queries: QUERIES,
};
