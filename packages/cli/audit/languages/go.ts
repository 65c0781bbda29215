import type { Language } from "./language";

export const GO: Language = {
  name: "Go",
  grammar: "go",
  extensions: ["go"],
  aliases: ["golang"],
  queries: `
    [(comment) (type_declaration) (parameter_list)] @skip
    [(identifier) (field_identifier) (package_identifier) (type_identifier)] @name
    [(interpreted_string_literal) (raw_string_literal)] @text
    (int_literal) @text
    (selector_expression operand: (_) @object field: (_) @key) @member
    (qualified_type package: (_) @object name: (_) @key) @member
    (index_expression operand: (_) @object index: (_) @key) @index
    (call_expression function: (_) @callee arguments: (_) @arguments) @call
    (composite_literal type: (_) @callee body: (_) @arguments) @call.made
    (composite_literal type: [(map_type) (slice_type) (array_type)] body: (_) @value) @through
    (literal_value) @list
    (keyed_element key: (_) @key value: (_) @value) @pair
    (unary_expression operand: (_) @value) @through
    (binary_expression left: (_) @part operator: "+" right: (_) @part) @join
    (short_var_declaration left: (_) @target right: (_) @value) @assign
    (assignment_statement left: (_) @target right: (_) @value) @assign
    [(var_spec name: (_) @target value: (_) @value) (const_spec name: (_) @target value: (_) @value)] @assign
    (function_declaration name: (_) @called parameters: (_) @parameters body: (_) @body) @function
    (method_declaration name: (_) @called parameters: (_) @parameters body: (_) @body) @function
    (func_literal parameters: (_) @parameters body: (_) @body) @function
    (parameter_list) @list
    (parameter_declaration name: (identifier) @parameter)
    (return_statement (_) @value) @return
    (import_spec path: (_) @module) @import
  `,
};
