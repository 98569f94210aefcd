package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// lineVariable is where a shell tells the command line up to the cursor when it asks how the last word may go on.
const lineVariable = "COMP_LINE"

// scripts make a shell ask the program itself, by the protocol of bash's "complete -C".
var scripts = map[string]string{
	"bash": "complete -o default -C pulse pulse\n",
	"zsh":  "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\ncomplete -o default -C pulse pulse\n",
	"fish": "complete -c pulse -a '(COMP_LINE=(commandline -cp | string collect) command pulse)'\n",
}

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help says how the output is used.
func (completionCommand) Help() string {
	return `For bash: source <(pulse completion bash) in ~/.bashrc; for zsh the same in ~/.zshrc; for fish: pulse completion fish > ~/.config/fish/completions/pulse.fish`
}

// Run prints the lines that a shell reads at its start.
func (c completionCommand) Run(io streams) error {
	_, err := fmt.Fprint(io.out, scripts[c.Shell])
	return err
}

// complete returns how the last word of a command line may go on: the names of commands, of flags, and the values that an
// argument may have. None leaves it to the shell, which then offers files.
func complete(app *kong.Node, line string) (out []string) {
	words := strings.Fields(line)
	last := ""
	if len(words) > 0 && strings.HasSuffix(line, words[len(words)-1]) {
		last, words = words[len(words)-1], words[:len(words)-1]
	}
	at, given := walk(app, words)
	var may []string
	switch {
	case strings.HasPrefix(last, "-"):
		for _, group := range at.AllFlags(true) {
			for _, f := range group {
				may = append(may, "--"+f.Name)
			}
		}
	case given < len(at.Positional):
		may = at.Positional[given].EnumSlice()
	case given == 0:
		for _, c := range at.Children {
			if !c.Hidden {
				may = append(may, c.Name)
			}
		}
	}
	for _, m := range may {
		if m != "" && strings.HasPrefix(m, last) {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// walk follows the words of a command line (the program's name first) to the command that they name, and counts the
// arguments that follow it.
func walk(at *kong.Node, words []string) (_ *kong.Node, arguments int) {
	for i := 1; i < len(words); i++ {
		if strings.HasPrefix(words[i], "-") {
			if takesNextWord(at, words[i]) {
				i++
			}
			continue
		}
		child := slices.IndexFunc(at.Children, func(c *kong.Node) bool { return c.Name == words[i] })
		if child < 0 {
			arguments++
			continue
		}
		at, arguments = at.Children[child], 0
	}
	return at, arguments
}

// takesNextWord reports whether a flag has its value in the word after it.
func takesNextWord(at *kong.Node, word string) bool {
	for _, group := range at.AllFlags(false) {
		for _, f := range group {
			if word == "--"+f.Name {
				return !f.IsBool()
			}
		}
	}
	return false
}
