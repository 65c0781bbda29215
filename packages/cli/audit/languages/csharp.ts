import type { Language } from "./language";

export const CSHARP: Language = {
  name: "C#",
  grammar: "c-sharp",
  extensions: ["cs", "csx"],
  interpreters: ["dotnet-script", "dotnet"],
  aliases: ["csharp", "c#"],
  queries: `
    [(comment) (attribute) (modifier)] @skip
    (identifier) @name
    "this" @self
    [(string_literal) (verbatim_string_literal) (raw_string_literal) (interpolated_string_expression)] @text
    (integer_literal) @text
    (interpolation . (interpolation_brace) . (_) @value) @hole
    (member_access_expression expression: (_) @object name: (_) @key) @member
    (qualified_name qualifier: (_) @object name: (_) @key) @member
    (conditional_access_expression condition: (_) @object (member_binding_expression name: (_) @key)) @member
    (generic_name . (identifier) @value) @through
    (element_access_expression expression: (_) @object subscript: (_) @key) @index
    (invocation_expression function: (_) @callee arguments: (_) @arguments) @call
    (object_creation_expression type: (_) @callee arguments: (_)? @arguments initializer: (_)? @arguments) @call.made
    (implicit_object_creation_expression (_) @arguments) @call.made
    (initializer_expression) @list
    (argument name: (_) @key (_) @value .) @pair
    [(await_expression (_) @value) (cast_expression value: (_) @value)] @through
    (binary_expression left: (_) @part operator: "+" right: (_) @part) @join
    (binary_expression left: (_) @option operator: "??" right: (_) @option) @choice
    (conditional_expression consequence: (_) @option alternative: (_) @option) @choice
    (variable_declarator name: (_) @target (_) @value .) @assign
    (field_declaration (variable_declaration (variable_declarator name: (_) @target (_) @value .) @assign.field))
    (property_declaration name: (_) @target value: (_) @value) @assign.field
    (assignment_expression left: (_) @target right: (_) @value) @assign.undeclared
    (initializer_expression (assignment_expression left: (identifier) @key right: (_) @value) @pair)
    (parameter name: (_) @called) @parameter
    (parameter name: (_) @called (_) @value .) @parameter
    (implicit_parameter) @parameter
    [(method_declaration name: (_) @called parameters: (_) @parameters body: (_) @body)
      (constructor_declaration name: (_) @called parameters: (_) @parameters body: (_) @body)
      (local_function_statement name: (_) @called parameters: (_) @parameters body: (_) @body)] @function
    (lambda_expression parameters: (_) @parameters body: (_) @body) @function
    (declaration_list) @class
    (return_statement (_) @value) @return
    (arrow_expression_clause (_) @value) @return
    ((attribute name: (_) @callee (attribute_argument_list) @arguments) @call
      (#match? @callee "^(Get|Post|Put|Delete|Patch|Head)$"))
    (attribute_argument . (_) @value .) @through
    (using_directive (_) @module .) @import
  `,
};
