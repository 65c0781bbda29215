import type { Language } from "./language";

export const RUBY: Language = {
  name: "Ruby",
  grammar: "ruby",
  extensions: ["rb", "rake", "gemspec"],
  interpreters: ["ruby"],
  sigils: true,
  queries: `
    (comment) @skip
    [(identifier) (constant) (hash_key_symbol)] @name
    [(instance_variable) (class_variable)] @attribute
    (self) @self
    [(string) (simple_symbol) (heredoc_body)] @text
    (integer) @text
    (interpolation (_) @value) @hole
    (scope_resolution scope: (_)? @object name: (_) @key) @member
    (call receiver: (_) @object method: (_) @key) @member
    (call receiver: (_)? @object method: (_) @key arguments: (_) @arguments) @call
    (call receiver: (_)? @object method: (_) @key arguments: (_)? @arguments
      block: [(block body: (_)? @arguments) (do_block body: (_)? @arguments)]) @call
    (element_reference object: (_) @object (_) @key) @index
    (pair key: (_) @key value: (_) @value) @pair
    [(hash) (array)] @list
    (binary left: (_) @part operator: "+" right: (_) @part) @join
    (binary left: (_) @option operator: ["||" "or"] right: (_) @option) @choice
    (conditional consequence: (_) @option alternative: (_) @option) @choice
    (binary left: (_) @template operator: "%" right: (_) @value) @format
    (assignment left: (_) @target right: (_) @value) @assign
    (operator_assignment left: (_) @target operator: "||=" right: (_) @value) @assign
    (method name: (_) @called parameters: (_)? @parameters body: (_)? @body) @function
    (singleton_method name: (_) @called parameters: (_)? @parameters body: (_)? @body) @function
    (lambda parameters: (_)? @parameters body: (_) @body) @function
    (method_parameters (identifier) @parameter)
    [(optional_parameter name: (_) @called value: (_) @value)
      (keyword_parameter name: (_) @called value: (_)? @value)] @parameter
    (class body: (_) @body) @class
    (return (argument_list (_) @value)) @return
  `,
};
