import type { Language } from "./language";

export const SHELL: Language = {
  name: "shell",
  grammar: "bash",
  extensions: ["sh", "bash", "zsh", "ksh", "bats"],
  interpreters: ["sh", "bash", "zsh", "ksh", "dash", "ash", "busybox"],
  aliases: ["shell", "console", "shellscript", "terminal"],
  environmental: true,
  sigils: true,
  queries: `
    [(comment) (heredoc_body) (test_command)] @skip
    (variable_name) @name
    [(word) (string) (raw_string) (number)] @text
    (ansi_c_string) @text
    [(simple_expansion (_) @value) (expansion . (variable_name) @value .) (expansion . (subscript) @value)
      (expansion (variable_name) @value operator: ["##" "#" "%" "%%" "/" "//" "^" "^^" "," ",,"])] @through
    (expansion . (variable_name) @option operator: [":-" "-" ":=" "="] (_) @option) @choice
    (string [(simple_expansion) (expansion) (command_substitution)] @hole)
    (concatenation (_) @part) @join
    (array) @list
    (subscript name: (_) @object) @index
    (command name: (command_name) @called argument: (_) @arguments) @command
    (command (variable_assignment)? @before name: (command_name) @called) @command
    (variable_assignment name: (_) @target value: (_) @value) @assign
    (function_definition name: (_) @called body: (_) @body) @function
  `,
};
