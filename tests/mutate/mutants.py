"""Mutants of C sources, and of sh: one small change each, as somebody might make it by mistake.

A mutant is a Mutant: file, line, function, kind, the span of the text and what comes in its
place. Kinds:
  comparison  turned: == and !=, < and <=, > and >=
  constant    greater or smaller by one; true and false
  condition   an operand of && or || left out; what an `if` asks taken as true or as false
  call        a statement that is only a call left out; not those that only release memory,
              which the leak sanitizer looks after
  branch      what an `if`, `while` or ?: asks turned round
  enumerator  its neighbour in the same enum
"""
import re
from collections import namedtuple

Mutant = namedtuple("Mutant", "file line function kind start end new old")

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])+')
  | (?P<number>\d[\w.]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<op><<=|>>=|\.\.\.|->|\+\+|--|&&|\|\||[=!<>+\-*/%&|^]=|<<|>>|[^\s\w])
""", re.X | re.S)
TURNED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
RELEASES = re.compile(r"(^|_)(free|release|unref|decref|cleanup)$")
BLANKED = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)

Token = namedtuple("Token", "kind text start end")


def tokens_of(text):
    """The tokens outside of comments and of lines for the preprocessor."""
    blanked = BLANKED.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    return [Token(m.lastgroup, m.group(), m.start(), m.end())
            for m in TOKEN.finditer(blanked) if m.lastgroup != "comment"]


def enums_of(text):
    """Each enumerator's neighbour: the next of its enum, the last one's is the one before."""
    near = {}
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for body in re.findall(r"\benum\b[^{};()]*\{([^}]*)\}", text):
        names = re.findall(r"(?:^|,)\s*([A-Za-z_]\w*)", body)
        for a, b in zip(names, names[1:]):
            near[a] = b
        if len(names) > 1:
            near[names[-1]] = names[-2]
    return near


class Source:
    def __init__(self, path, text, near):
        self.path, self.text, self.near = path, text, near
        self.tokens = tokens_of(text)
        self.pair = self.pairs()
        self.found = []

    def pairs(self):
        """Index of the closing bracket of each opening one, and the other way round."""
        pair, open_ = {}, []
        for i, t in enumerate(self.tokens):
            if t.text in "([{" and t.kind == "op":
                open_.append(i)
            elif t.text in ")]}" and t.kind == "op" and open_:
                j = open_.pop()
                pair[i], pair[j] = j, i
        return pair

    def add(self, kind, function, start, end, new):
        old = self.text[start:end]
        self.found.append(Mutant(self.path, self.text.count("\n", 0, start) + 1, function,
                                 kind, start, end, new, old))

    def bodies(self):
        """(name, first, last token) of each function's body, and of initialized tables."""
        i = 0
        while i < len(self.tokens):
            if self.tokens[i].text == "{" and i in self.pair:
                name = self.name_before(i)
                if name:
                    yield name, i, self.pair[i]
                i = self.pair[i]
            i += 1

    def name_before(self, i):
        before = self.tokens[i - 1] if i else None
        if before is None:
            return None
        if before.text == ")" and i - 1 in self.pair:
            return self.tokens[self.pair[i - 1] - 1].text
        if before.text == "=":
            j = i - 2
            while j > 0 and self.tokens[j].text == "]" and j in self.pair:
                j = self.pair[j] - 1
            return self.tokens[j].text
        return None

    def mutants(self):
        for name, first, last in self.bodies():
            for i in range(first, last):
                self.at(name, i)
        return self.found

    def at(self, f, i):
        t, before = self.tokens[i], self.tokens[i - 1]
        if t.kind == "op" and t.text in TURNED:
            self.add("comparison", f, t.start, t.end, TURNED[t.text])
        elif t.kind == "number" and re.fullmatch(r"\d+", t.text) and not self.in_type(i):
            self.add("constant", f, t.start, t.end, str(int(t.text) + 1))
            if int(t.text) > 1:
                self.add("constant", f, t.start, t.end, str(int(t.text) - 1))
        elif t.text in ("true", "false"):
            self.add("constant", f, t.start, t.end, "false" if t.text == "true" else "true")
        elif t.kind == "word" and t.text in self.near and before.text != "case":
            self.add("enumerator", f, t.start, t.end, self.near[t.text])
        elif t.text in ("&&", "||"):
            self.operands(f, i)
        elif t.text in ("if", "while") and self.tokens[i + 1].text == "(":
            self.asked(f, i)
        elif t.text == "?":
            self.question(f, i)
        elif t.kind == "word" and before.text in (";", "{", "}", ")", "else"):
            self.call(f, i)

    def in_type(self, i):
        """The size in a declaration of an array: one more room changes nothing."""
        return (self.tokens[i - 1].text == "[" and self.tokens[i + 1].text in "]" and
                self.tokens[i - 2].kind == "word" and
                self.tokens[i - 3].kind in ("word",) or self.tokens[i - 3].text == "*" and
                self.tokens[i - 1].text == "[")

    def edge(self, i, step):
        """The last token of the operand that is beside the operator i, in that direction."""
        stop = ("&&", "||", "?", ":", ";", ",", "=", "return", "|=", "&=")
        j = i + step
        while 0 < j < len(self.tokens):
            t = self.tokens[j]
            if t.text in (")]}" if step > 0 else "([{") and t.kind == "op":
                break
            if t.text in stop:
                break
            if t.kind == "op" and t.text in "([{)]}" and j in self.pair:
                j = self.pair[j]
            j += step
        return j - step

    def operands(self, f, i):
        left, right = self.edge(i, -1), self.edge(i, 1)
        if left >= i or right <= i:
            return
        t, tokens = self.tokens[i], self.tokens
        self.add("condition", f, tokens[left].start, tokens[i + 1].start, "")
        self.add("condition", f, t.start, tokens[right].end, "")

    def asked(self, f, i):
        if i + 1 not in self.pair:
            return
        start, end = self.tokens[i + 1].end, self.tokens[self.pair[i + 1]].start
        inside = self.text[start:end]
        if inside in ("true", "1"):
            return
        self.add("branch", f, start, end, "!(%s)" % inside)
        if self.tokens[i].text == "if":
            self.add("condition", f, start, end, "(%s) || 1" % inside)
            self.add("condition", f, start, end, "(%s) && 0" % inside)

    def question(self, f, i):
        left = self.edge(i, -1)
        # All of a && b ? c : d.
        while left > 1 and self.tokens[left - 1].text in ("&&", "||"):
            left = self.edge(left - 1, -1)
        if left < i:
            start, end = self.tokens[left].start, self.tokens[i - 1].end
            self.add("branch", f, start, end, "!(%s)" % self.text[start:end])

    def call(self, f, i):
        tokens = self.tokens
        if tokens[i + 1].text != "(" or tokens[i].text in ("if", "while", "for", "switch"):
            return
        end = self.pair.get(i + 1)
        if end is None or tokens[end + 1].text != ";" or RELEASES.search(tokens[i].text):
            return
        self.add("call", f, tokens[i].start, tokens[end].end, "(void)0")


def mutants_of(path, text, near):
    if not path.endswith(".c"):
        return shell_mutants_of(path, text)
    return Source(path, text, {**near, **enums_of(text)}).mutants()


SHELL = [
    ("comparison", re.compile(r"(?<= )(=|!=)(?= )"), {"=": "!=", "!=": "="}),
    ("comparison", re.compile(r"(?<= )-(eq|ne|lt|le|gt|ge)\b"),
     {"-eq": "-ne", "-ne": "-eq", "-lt": "-le", "-le": "-lt", "-gt": "-ge", "-ge": "-gt"}),
    ("condition", re.compile(r"&&|\|\|"), {"&&": "||", "||": "&&"}),
    ("branch", re.compile(r"\b(if|while|until) (?!!)"),
     {"if ": "if ! ", "while ": "while ! ", "until ": "until ! "}),
    ("branch", re.compile(r"\[ -[nz] "), {"[ -n ": "[ -z ", "[ -z ": "[ -n "}),
    ("constant", re.compile(r"(?<=exit |turn |hift )\d\b"), None),
]
# A line that is one whole command, neither continued nor the head or the end of something.
COMMAND = re.compile(r"^[ \t]+((?!(?:if|then|else|elif|fi|for|do|done|case|esac|while|until|"
                     r"local|return|exit)\b)[\w$\"./:-]+(?:=| )[^\n;&|(){}]*[^\n;&|(){}\\])$")


def shell_mutants_of(path, text):
    """Of a script: what is inside of texts and here-documents is left alone."""
    found, function, at, quoted, here = [], "main", 0, None, None
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        def add(kind, start, end, new):
            found.append(Mutant(path, number, function, kind, at + start, at + end, new,
                                line[start:end]))
        begins = re.match(r"(\w+)\(\) \{", line)
        function = begins.group(1) if begins else function
        code = line.lstrip()
        if here:
            here = None if code.rstrip("\n") == here else here
        elif quoted is None and not code.startswith("#"):
            shell_line(line, add)
            word = re.search(r"<<-?'?(\w+)'?", line)
            here = word.group(1) if word else None
        if here is None and not code.startswith("#"):
            quoted = quote_after(line, quoted)
        function = "main" if line.startswith("}") else function
        at += len(line)
    return found


def quote_after(line, quoted):
    """The quote in which the line ends, or None."""
    i = 0
    while i < len(line):
        c = line[i]
        if c == "\\" and quoted != "'":
            i += 1
        elif quoted is None and c in "'\"":
            quoted = c
        elif c == quoted:
            quoted = None
        elif quoted is None and c == "#" and line[i - 1:i] in (" ", "\t"):
            break
        i += 1
    return quoted


def shell_line(line, add):
    for kind, pattern, new in SHELL:
        for m in pattern.finditer(line):
            quote = quote_after(line[:m.start()], None)
            if quote == "'" or quote and "$(" not in line[:m.start()]:
                continue
            add(kind, m.start(), m.end(),
                new[m.group()] if new else str((int(m.group()) + 1) % 10))
    m = COMMAND.match(line.rstrip("\n"))
    if m and quote_after(line, None) is None:
        add("call", m.start(1), m.end(1), ":")


def said(m):
    """What was changed, in one line."""
    def short(text):
        text = " ".join(text.split())
        return text if len(text) <= 60 else text[:57] + "..."
    return "%s:%d: %s: %s: '%s' became '%s'" % (m.file, m.line, m.function, m.kind, short(m.old),
                                                short(m.new))
