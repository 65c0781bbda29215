import type { Language } from "./language";

export const POWERSHELL: Language = {
  name: "PowerShell",
  grammar: "powershell",
  extensions: ["ps1", "psm1"],
  interpreters: ["pwsh", "powershell"],
  aliases: ["powershell", "pwsh"],
  escape: "`",
  sigils: true,
  queries: `
    [(comment) (attribute_list) (command_argument_sep) (assignement_operator)] @skip
    (variable) @name
    [(simple_name) (type_identifier) (function_name)] @name
    [(expandable_string_literal) (expandable_here_string_literal) (verbatim_string_characters)
      (verbatim_here_string_characters) (generic_token)] @text
    (decimal_integer_literal) @text
    (expandable_string_literal [(variable) (sub_expression)] @hole)
    (expandable_here_string_literal [(variable) (sub_expression)] @hole)
    (type_name (type_name) @object (type_identifier) @key) @member
    (member_access . (_) @object (member_name) @key) @member
    (element_access . (_) @object (_) @key) @index
    (invokation_expression . (_) @object (member_name) @key (argument_list (argument_expression_list)? @arguments)) @call
    (command command_name: (_) @called command_elements: (command_elements)? @arguments) @command
    (hash_entry (key_expression) @key (_) @value) @pair
    (hash_literal_expression) @list
    (cast_expression (type_literal) (_) @value) @through
    (additive_expression (additive_expression) @part "+" (_) @part) @join
    (additive_argument_expression (additive_argument_expression) @part "+" (_) @part) @join
    (format_expression (format_expression) @template (format_operator) (_) @value) @format
    (if_statement (statement_block) @option else_clause: (else_clause) @option) @choice
    (assignment_expression (left_assignment_expression) @target value: (_) @value) @assign
    (script_parameter (variable) @called (script_parameter_default)? @value) @parameter
    (function_statement (function_name) @called (function_parameter_declaration)? @parameters (script_block) @body) @function
    (class_property_definition (variable) @target (_) @value) @assign.field
    (class_method_definition (simple_name) @called (script_block) @body) @function
  `,
};
