import type { Language } from "./language";

export const PYTHON: Language = {
  name: "Python",
  grammar: "python",
  extensions: ["py", "pyw"],
  interpreters: ["python", "python2", "python3", "pypy3", "uv"],
  aliases: ["python", "python3", "ipython3"],
  // What only a notebook's Python has: `%pip install x`, `!ls`.
  prepare: (code) => code.replace(/^[ \t]*[%!].*$/gm, (line) => "#".padEnd(line.length, " ")),
  queries: `
    [(comment) (decorator) (type)] @skip
    (expression_statement . [(string) (concatenated_string)] .) @skip
    (identifier) @name
    ((identifier) @self (#match? @self "^(self|cls)$"))
    (string) @text
    (integer) @text
    (interpolation expression: (_) @value) @hole
    (concatenated_string (_) @part) @join
    (attribute object: (_) @object attribute: (_) @key) @member
    (subscript value: (_) @object subscript: (_) @key) @index
    (call function: (_) @callee arguments: (_) @arguments) @call
    (keyword_argument name: (_) @key value: (_) @value) @pair
    (pair key: (_) @key value: (_) @value) @pair
    [(dictionary) (list) (tuple) (set)] @list
    (await (_) @value) @through
    (binary_operator left: (_) @part operator: "+" right: (_) @part) @join
    (binary_operator left: (_) @template operator: "%" right: (_) @value) @format
    (boolean_operator left: (_) @option operator: "or" right: (_) @option) @choice
    (conditional_expression . (_) @option . (_) . (_) @option) @choice
    (assignment left: (_) @target right: (_) @value) @assign
    (class_definition body: (block (expression_statement
      (assignment left: (identifier) @target right: (_) @value) @assign.field)))
    (named_expression name: (_) @target value: (_) @value) @assign
    (function_definition name: (_) @called parameters: (_) @parameters body: (_) @body) @function
    (lambda parameters: (_)? @parameters body: (_) @body) @function
    (class_definition body: (_) @body) @class
    (parameters (identifier) @parameter)
    (parameters (typed_parameter . (identifier) @called) @parameter)
    (parameters [(default_parameter name: (_) @called value: (_) @value)
      (typed_default_parameter name: (_) @called value: (_) @value)] @parameter)
    (return_statement (_) @value) @return
    (import_statement name: (dotted_name) @module) @import
    (import_statement name: (aliased_import name: (_) @module)) @import
    (import_from_statement module_name: (_) @module name: (dotted_name)? @called) @import
    (import_from_statement module_name: (_) @module name: (aliased_import alias: (_) @called)) @import
  `,
};
