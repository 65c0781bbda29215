import type { Language } from "./language";

export const JAVA: Language = {
  name: "Java",
  grammar: "java",
  extensions: ["java"],
  interpreters: ["java", "jbang"],
  queries: `
    [(line_comment) (block_comment) (annotation) (package_declaration)] @skip
    [(identifier) (type_identifier)] @name
    (this) @self
    (string_literal) @text
    (decimal_integer_literal) @text
    (field_access object: (_) @object field: (_) @key) @member
    (scoped_identifier scope: (_) @object name: (_) @key) @member
    (scoped_type_identifier (_) @object (type_identifier) @key .) @member
    (generic_type . (_) @value) @through
    (array_access array: (_) @object index: (_) @key) @index
    (method_invocation object: (_)? @object name: (_) @key arguments: (_) @arguments) @call
    (object_creation_expression type: (_) @callee arguments: (_) @arguments) @call.made
    (array_initializer) @list
    (cast_expression value: (_) @value) @through
    (binary_expression left: (_) @part operator: "+" right: (_) @part) @join
    (ternary_expression consequence: (_) @option alternative: (_) @option) @choice
    (variable_declarator name: (_) @target value: (_) @value) @assign
    (field_declaration declarator: (variable_declarator name: (_) @target value: (_) @value) @assign.field)
    (field_declaration
      (modifiers (annotation name: (identifier) @_value arguments: (annotation_argument_list (_) @value)))
      declarator: (variable_declarator name: (_) @target !value) @assign.field (#eq? @_value "Value"))
    (formal_parameter
      (modifiers (annotation name: (identifier) @_value arguments: (annotation_argument_list (_) @value)))
      name: (_) @called (#eq? @_value "Value")) @parameter
    (assignment_expression left: (_) @target right: (_) @value) @assign.undeclared
    (formal_parameter name: (_) @called) @parameter
    [(method_declaration name: (_) @called parameters: (_) @parameters body: (_) @body)
      (constructor_declaration name: (_) @called parameters: (_) @parameters body: (_) @body)] @function
    (lambda_expression parameters: (_) @parameters body: (_) @body) @function
    (lambda_expression parameters: (identifier) @parameter)
    (class_body) @class
    (return_statement (_) @value) @return
    ((annotation name: (_) @callee arguments: (_) @arguments) @call
      (#match? @callee "^(GET|POST|PUT|DELETE|PATCH|HEAD|(Get|Post|Put|Delete|Patch)Exchange|RequestLine)$"))
    (import_declaration (_) @module) @import
  `,
};
