import type { Language } from "./language";

export const PHP: Language = {
  name: "PHP",
  grammar: "php",
  extensions: ["php", "phtml"],
  interpreters: ["php"],
  sigils: true,
  opening: "<?php ",
  queries: `
    [(comment) (attribute_list) (visibility_modifier) (echo_statement)] @skip
    [(name) (variable_name)] @name
    ((variable_name) @self (#eq? @self "$this"))
    (relative_scope) @self
    [(string) (encapsed_string) (heredoc_body) (nowdoc_body)] @text
    (integer) @text
    (encapsed_string [(variable_name) (member_access_expression) (subscript_expression)] @hole)
    (heredoc_body [(variable_name) (member_access_expression) (subscript_expression)] @hole)
    (heredoc value: (_) @value) @through
    (member_access_expression object: (_) @object name: (_) @key) @member
    (nullsafe_member_access_expression object: (_) @object name: (_) @key) @member
    (scoped_property_access_expression scope: (_) @object name: (_) @key) @member
    (class_constant_access_expression . (_) @object (name) @key) @member
    (subscript_expression . (_) @object (_) @key) @index
    (function_call_expression function: (_) @callee arguments: (_) @arguments) @call
    [(member_call_expression object: (_) @object name: (_) @key arguments: (_) @arguments)
      (nullsafe_member_call_expression object: (_) @object name: (_) @key arguments: (_) @arguments)
      (scoped_call_expression scope: (_) @object name: (_) @key arguments: (_) @arguments)] @call
    (object_creation_expression . (_) @callee (arguments)? @arguments) @call.made
    (array_creation_expression) @list
    (array_element_initializer (_) @key . (_) @value) @pair
    (argument name: (_) @key (_) @value .) @pair
    (binary_expression left: (_) @part operator: "." right: (_) @part) @join
    (binary_expression left: (_) @option operator: "??" right: (_) @option) @choice
    (conditional_expression condition: (_) @option !body alternative: (_) @option) @choice
    (conditional_expression body: (_) @option alternative: (_) @option) @choice
    (assignment_expression left: (_) @target right: (_) @value) @assign
    (augmented_assignment_expression left: (_) @target operator: "??=" right: (_) @value) @assign
    (const_element (name) @target (_) @value) @assign
    (declaration_list (const_declaration (const_element (name) @target (_) @value) @assign.field))
    (property_element name: (_) @target default_value: (_) @value) @assign.field
    (simple_parameter name: (_) @called default_value: (_)? @value) @parameter
    (property_promotion_parameter name: (_) @called default_value: (_)? @value) @parameter.field
    [(function_definition name: (_) @called parameters: (_) @parameters body: (_) @body)
      (method_declaration name: (_) @called parameters: (_) @parameters body: (_) @body)] @function
    (anonymous_function parameters: (_) @parameters body: (_) @body) @function
    (arrow_function parameters: (_) @parameters body: (_) @body) @function
    (declaration_list) @class
    (return_statement (_) @value) @return
    (namespace_use_clause (_) @module) @import
  `,
};
