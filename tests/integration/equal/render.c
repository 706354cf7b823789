/* SPDX-License-Identifier: MIT */
/* The model as source text, one function a language. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "model.h"

static const char *const dir_names[5][2] = { { "", "" }, { "a", "x" }, { "b", "y" }, { "c", "z" }, { "d", "w" } };
/* C, C++ and JS put the extension into the model: headers are other files than sources */
static const char *const extensions[SQ_LANG_MAX][2] = {
	[SQ_LANG_C] = { ".h", ".c" }, [SQ_LANG_CPP] = { ".hpp", ".cpp" },
	[SQ_LANG_PYTHON] = { ".py", ".py" }, [SQ_LANG_JAVASCRIPT] = { ".js", ".js" },
	[SQ_LANG_TYPESCRIPT] = { ".ts", ".ts" }, [SQ_LANG_TSX] = { ".tsx", ".ts" },
	[SQ_LANG_GO] = { ".go", ".go" }, [SQ_LANG_RUST] = { ".rs", ".rs" }, [SQ_LANG_JAVA] = { ".java", ".java" },
};

static const char *stem_name(const struct model *m, unsigned stem)
{
	static const char *const plain[] = { "s0", "s1", "s2", "s3", "s4", "s5" };

	if (stem == 5)
		switch (m->lang) {
		case SQ_LANG_PYTHON:
			return "__init__";
		case SQ_LANG_JAVASCRIPT: case SQ_LANG_TYPESCRIPT: case SQ_LANG_TSX:
			return "index";
		case SQ_LANG_RUST:
			return "mod";
		default:
			break;
		}
	if (stem == 4 && m->lang == SQ_LANG_RUST)
		return "lib";
	return plain[stem];
}

/* directory 3 lies in directory 1 */
void model_dir_path(const struct model *m, unsigned dir, char *buf, unsigned cap)
{
	const char *name = dir_names[dir][m->dir_name[dir]];

	if (dir == 3)
		snprintf(buf, cap, "%s/%s", dir_names[1][m->dir_name[1]], name);
	else
		snprintf(buf, cap, "%s", name);
}

void model_path(const struct model *m, const struct model_file *f, char *buf, unsigned cap)
{
	char dir[128];

	model_dir_path(m, f->dir, dir, sizeof(dir));
	snprintf(buf, cap, "%s%s%s%s", dir, *dir ? "/" : "", stem_name(m, f->stem),
		 extensions[m->lang][f->ext]);
}

/* name of the 11 importable members: functions 0..6, classes 0..3 */
static void member_name(unsigned member, char *buf, unsigned cap)
{
	snprintf(buf, cap, member < 7 ? "f%u" : "C%u", member < 7 ? member : member - 7);
}

/* how uses are qualified: none, self, an alias, a class, a module */
static void qualifier(const struct model *m, const struct model_use *u, const char *sep, char *buf, unsigned cap)
{
	const char *self = m->lang == SQ_LANG_PYTHON || m->lang == SQ_LANG_RUST ? "self" :
			   m->lang == SQ_LANG_CPP || m->lang == SQ_LANG_JAVA || m->lang == SQ_LANG_JAVASCRIPT ||
			   m->lang == SQ_LANG_TYPESCRIPT || m->lang == SQ_LANG_TSX ? "this" : "x";

	switch (u->qual) {
	case 1:
		snprintf(buf, cap, "%s%s", self, m->lang == SQ_LANG_CPP ? "->" : ".");
		return;
	case 2:
		snprintf(buf, cap, "C%u%s", u->name % 4, sep);
		return;
	case 3:
		snprintf(buf, cap, "s%u%s", u->name % 5, sep);
		return;
	case 4:
		snprintf(buf, cap, "al%u%s", u->name % 3, sep);
		return;
	default:
		buf[0] = '\0';
	}
}

static void render_uses(const struct model *m, const struct model_file *f, const char *sep, const char *indent,
			struct sq_buf *out)
{
	for (unsigned i = 0; i < f->n_uses; i++) {
		const struct model_use *u = &f->use[i];
		char q[64];

		qualifier(m, u, sep, q, sizeof(q));
		if (m->lang == SQ_LANG_C)
			q[0] = '\0';
		if (u->kind == 3)
			sq_buf_printf(out, "%sm%u(%sm%u());\n", indent, u->name % 4, q, u->name % 4);
		else if (u->kind == 4)
			sq_buf_printf(out, "%suse(%sC%u);\n", indent, u->qual == 3 ? q : "", u->name % 4);
		else
			sq_buf_printf(out, "%s%sf%u(%u);\n", indent, q, u->name, i);
	}
}

static void dotted_dir(const struct model *m, unsigned dir, char *buf, unsigned cap)
{
	model_dir_path(m, dir, buf, cap);
	for (char *s = buf; *s; s++)
		if (*s == '/')
			*s = '.';
}

/* ---- C and C++ --------------------------------------------------------------- */

static void render_c(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	const char *ext = extensions[m->lang][0];
	bool cpp = m->lang == SQ_LANG_CPP;

	for (unsigned i = 0; i < f->n_imports; i++) {
		const struct model_import *im = &f->import[i];
		char dir[128];

		model_dir_path(m, im->dir, dir, sizeof(dir));
		if (im->style < 3)
			sq_buf_printf(out, "#include \"%s%s\"\n", stem_name(m, im->stem), ext);
		else if (im->style == 3)
			sq_buf_printf(out, "#include \"../%s%s\"\n", stem_name(m, im->stem), ext);
		else
			sq_buf_printf(out, "#include <%s%s%s%s>\n", dir, *dir ? "/" : "", stem_name(m, im->stem), ext);
	}
	if (cpp && f->package)
		sq_buf_puts(out, "namespace s0 {\n");
	for (unsigned i = 0; i < f->n_classes; i++) {
		const struct model_class *c = &f->class[i];

		if (!cpp) {
			sq_buf_printf(out, "struct C%u { int m%u; };\n", c->name, c->method[0]);
			continue;
		}
		sq_buf_printf(out, "class C%u", c->name);
		if (c->base >= 0)
			sq_buf_printf(out, " : public C%d", c->base);
		sq_buf_printf(out, " {\npublic:\n\tint m%u() { return f%u(0); }\n\tstatic int f%u(int);\n};\n",
			      c->method[0], c->method[1], c->method[1]);
	}
	if (f->package && !cpp)
		sq_buf_printf(out, "#define f%u(x) (x)\n#define m%u() 0\n", f->n_uses % 7, f->n_funcs % 4);
	for (unsigned i = 0; i < f->n_funcs; i++)
		if (f->func[i].name == 6)
			sq_buf_printf(out, "int f6(int);\n");
		else
			sq_buf_printf(out, "%sint f%u(int a)\n{\n\treturn a;\n}\n",
				      f->func[i].local ? "static " : "", f->func[i].name);
	if (cpp && f->n_classes && !f->func[0].local)
		sq_buf_printf(out, "int C%u::f%u(int a) { return this->m%u(); }\n", f->class[0].name,
			      f->class[0].method[1], f->class[0].method[0]);
	sq_buf_puts(out, "int user(void *p)\n{\n\tstruct C1 *x;\n");
	render_uses(m, f, "::", "\t", out);
	sq_buf_puts(out, "\treturn x->m1;\n}\n");
	if (cpp && f->package)
		sq_buf_puts(out, "}\n");
}

/* ---- Python --------------------------------------------------------------------- */

static void python_import(const struct model *m, const struct model_import *im, struct sq_buf *out)
{
	char dir[128], member[16];

	dotted_dir(m, im->dir, dir, sizeof(dir));
	member_name(im->member, member, sizeof(member));
	switch (im->style) {
	case 0:
		sq_buf_printf(out, "import %s%s%s\n", dir, *dir ? "." : "", stem_name(m, im->stem % 5));
		return;
	case 1:
		sq_buf_printf(out, "import %s%s%s as al%u\n", dir, *dir ? "." : "", stem_name(m, im->stem % 5),
			      im->alias);
		return;
	case 2:
		sq_buf_printf(out, "from %s%s%s import *\n", dir, *dir ? "." : "", stem_name(m, im->stem % 5));
		return;
	case 3:
		sq_buf_printf(out, "from . import %s\n", im->alias ? stem_name(m, im->stem % 5) : member);
		return;
	case 4:
		sq_buf_printf(out, "from %s import %s\n", *dir ? dir : ".", im->alias ? stem_name(m, im->stem % 5) : member);
		return;
	default:
		sq_buf_printf(out, "from .%s%s import %s", im->alias == 2 ? "." : "", stem_name(m, im->stem % 5), member);
		if (im->alias)
			sq_buf_printf(out, " as f%u", im->stem);
		sq_buf_puts(out, "\n");
	}
}

static void render_python(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	for (unsigned i = 0; i < f->n_imports; i++)
		python_import(m, &f->import[i], out);
	for (unsigned i = 0; i < f->n_funcs; i++)
		sq_buf_printf(out, "def f%u(a):\n    return a\n", f->func[i].name);
	for (unsigned i = 0; i < f->n_classes; i++) {
		const struct model_class *c = &f->class[i];

		sq_buf_printf(out, "class C%u", c->name);
		if (c->base >= 0)
			sq_buf_printf(out, "(C%d)", c->base);
		sq_buf_printf(out, ":\n    def m%u(self):\n        self.m%u()\n        super().m%u()\n        x = C%u()\n        x.m%u()\n",
			      c->method[0], c->method[1], c->method[0], c->method[1], c->method[1]);
		render_uses(m, f, ".", "        ", out);
	}
	sq_buf_puts(out, "def user(x: C1):\n    x.m1()\n");
	render_uses(m, f, ".", "    ", out);
}

/* ---- JavaScript and TypeScript ------------------------------------------------------ */

static void script_import(const struct model *m, const struct model_file *f, const struct model_import *im,
			  struct sq_buf *out)
{
	char to[160], dir[128], member[16];

	model_dir_path(m, im->dir, dir, sizeof(dir));
	member_name(im->member, member, sizeof(member));
	if (im->style == 5 && im->alias)
		snprintf(to, sizeof(to), "%s%s", im->alias == 1 ? "@lib/" : "pkg", im->alias == 1 ? stem_name(m, im->stem) : "");
	else if (im->stem == 5)
		snprintf(to, sizeof(to), "./%s", dir);
	else
		snprintf(to, sizeof(to), "%s%s%s", f->dir ? "../" : "./",
			 f->dir == 3 ? "../" : "", "");
	if (!(im->style == 5 && im->alias) && im->stem != 5)
		snprintf(to + strlen(to), sizeof(to) - strlen(to), "%s%s%s%s", dir, *dir ? "/" : "",
			 stem_name(m, im->stem), im->alias == 2 ? ".js" : "");
	switch (im->style) {
	case 0:
		sq_buf_printf(out, im->alias == 2 ? "const al%u = require('%s');\n" :
			      "import * as al%u from '%s';\n", im->alias, to);
		return;
	case 1:
		sq_buf_printf(out, im->alias == 2 ? "const C%u = require('%s');\n" :
			      "import f%u from '%s';\n", im->stem % 4, to);
		return;
	case 2:
		sq_buf_printf(out, "export * from '%s';\n", to);
		return;
	case 3:
		sq_buf_printf(out, "export { %s as f%u } from '%s';\n", im->alias ? member : "default", im->stem, to);
		return;
	case 4:
		sq_buf_printf(out, "import { %s as f%u } from '%s';\n", member, im->stem, to);
		return;
	default:
		sq_buf_printf(out, "import { %s } from '%s';\n", member, to);
	}
}

static void render_script(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	for (unsigned i = 0; i < f->n_imports; i++)
		script_import(m, f, &f->import[i], out);
	for (unsigned i = 0; i < f->n_funcs; i++)
		sq_buf_printf(out, "%s%sfunction f%u(a) { return a; }\n", f->func[i].local ? "" : "export ",
			      !i && f->package && !f->func[i].local ? "default " : "", f->func[i].name);
	for (unsigned i = 0; i < f->n_classes; i++) {
		const struct model_class *c = &f->class[i];

		sq_buf_printf(out, "%sclass C%u", f->func[i].local ? "" : "export ", c->name);
		if (c->base >= 0)
			sq_buf_printf(out, " extends C%d", c->base);
		sq_buf_printf(out, " {\n  m%u() {\n    this.m%u();\n    super.m%u();\n", c->method[0], c->method[1], c->method[0]);
		render_uses(m, f, ".", "    ", out);
		sq_buf_puts(out, "  }\n}\n");
	}
	/* an object is a class of its own kind */
	if (f->package && f->n_uses % 2)
		sq_buf_printf(out, "%sconst C%u = { m%u() { return 0; } };\n", f->n_uses % 3 ? "export " : "",
			      f->n_funcs % 4, f->n_uses % 4);
	if (f->n_classes && f->func[0].local)
		sq_buf_printf(out, "module.exports = C%u;\n", f->class[0].name);
	sq_buf_puts(out, "function user(y) {\n  const x = new C1();\n  x.m1();\n  y.m2();\n");
	render_uses(m, f, ".", "  ", out);
	sq_buf_puts(out, "}\n");
}

/* ---- Go ---------------------------------------------------------------------------------- */

static void render_go(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	sq_buf_printf(out, "package %s\n", f->package ? "s1" : "main");
	for (unsigned i = 0; i < f->n_imports; i++) {
		const struct model_import *im = &f->import[i];
		char dir[128];

		model_dir_path(m, im->dir, dir, sizeof(dir));
		sq_buf_printf(out, "import %s\"ex.com/%s%s%s\"\n",
			      im->style < 2 ? "al1 " : im->style == 2 ? ". " : "",
			      im->style == 5 ? "n" : "m", *dir ? "/" : "", dir);
	}
	for (unsigned i = 0; i < f->n_classes; i++) {
		const struct model_class *c = &f->class[i];

		sq_buf_printf(out, "type C%u struct {\n", c->name);
		if (c->base >= 0)
			sq_buf_printf(out, "\tC%d\n", c->base);
		sq_buf_printf(out, "\tv int\n}\nfunc (x *C%u) m%u() int { return x.m%u() }\n", c->name, c->method[0],
			      c->method[1]);
	}
	for (unsigned i = 0; i < f->n_funcs; i++)
		sq_buf_printf(out, "func f%u(a int) int { return a }\n", f->func[i].name);
	if (f->package)
		sq_buf_printf(out, "func (x *C%u) m%u() int { return 0 }\n", f->n_uses % 4, f->n_funcs % 4);
	sq_buf_puts(out, "func user(x *C1) {\n\tx.m1()\n\tvar y C2\n\ty.m2()\n");
	render_uses(m, f, ".", "\t", out);
	sq_buf_puts(out, "}\n");
}

/* ---- Rust -------------------------------------------------------------------------------- */

static void rust_import(const struct model *m, const struct model_import *im, struct sq_buf *out)
{
	char dir[128], member[16], path[200];

	model_dir_path(m, im->dir, dir, sizeof(dir));
	member_name(im->member, member, sizeof(member));
	snprintf(path, sizeof(path), "%s", im->style < 2 ? "crate" : im->style == 2 ? "super" : im->style == 3 ? "self" : "krate");
	for (const char *s = dir; *s; ) {
		size_t n = strcspn(s, "/");

		snprintf(path + strlen(path), sizeof(path) - strlen(path), "::%.*s", (int)n, s);
		s += n + (s[n] == '/');
	}
	if (im->stem < 4)
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "::s%u", im->stem);
	if (im->member == 0)
		sq_buf_printf(out, "mod s%u;\n", im->stem % 4);
	else if (im->member == 1)
		sq_buf_printf(out, "pub use %s::*;\n", path);
	else if (im->member == 2)
		sq_buf_printf(out, "use %s;\n", path);
	else if (im->alias)
		sq_buf_printf(out, "pub use %s::%s as f%u;\n", path, member, im->stem);
	else
		sq_buf_printf(out, "use %s::%s;\n", path, member);
}

static void render_rust(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	for (unsigned i = 0; i < f->n_imports; i++)
		rust_import(m, &f->import[i], out);
	for (unsigned i = 0; i < f->n_classes; i++) {
		const struct model_class *c = &f->class[i];

		sq_buf_printf(out, "pub struct C%u { v: i32 }\n", c->name);
		if (c->base >= 0)
			sq_buf_printf(out, "impl C%d for C%u { fn m%u(&self) { self.m%u(); } }\n", c->base, c->name,
				      c->method[0], c->method[1]);
		sq_buf_printf(out, "impl C%u { pub fn m%u(&self) { self.m%u(); Self::f%u(1); } }\n", c->name,
			      c->method[1], c->method[0], c->method[0]);
	}
	if (f->package)
		sq_buf_printf(out, "impl C%u { fn m%u(&self) {} }\nmod tests { use super::*; fn t() { f%u(1); } }\n",
			      f->n_uses % 4, f->n_funcs % 4, f->n_funcs % 7);
	for (unsigned i = 0; i < f->n_funcs; i++)
		sq_buf_printf(out, "%sfn f%u(a: i32) -> i32 { a }\n", f->func[i].local ? "" : "pub ", f->func[i].name);
	sq_buf_puts(out, "fn user(x: &C1) {\n    x.m1();\n    crate::a::f1(1);\n    super::f2(2);\n");
	render_uses(m, f, "::", "    ", out);
	sq_buf_puts(out, "}\n");
}

/* ---- Java -------------------------------------------------------------------------------- */

static void render_java(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	sq_buf_printf(out, "package p.%s;\n", f->package ? "q" : "r");
	for (unsigned i = 0; i < f->n_imports; i++) {
		const struct model_import *im = &f->import[i];
		const char *package = im->dir & 1 ? "q" : "r";

		if (im->style < 2)
			sq_buf_printf(out, "import p.%s.C%u;\n", package, im->member % 4);
		else if (im->style == 2)
			sq_buf_printf(out, "import p.%s.*;\n", package);
		else if (im->style == 3)
			sq_buf_printf(out, "import static p.%s.C%u.f%u;\n", package, im->member % 4, im->stem);
		else
			sq_buf_printf(out, "import static p.%s.S%u.*;\n", package, im->stem);
	}
	for (unsigned i = 0; i < f->n_classes; i++) {
		const struct model_class *c = &f->class[i];

		sq_buf_printf(out, "class C%u", c->name);
		if (c->base >= 0)
			sq_buf_printf(out, " extends C%d", c->base);
		sq_buf_printf(out, " {\n  void m%u() {\n    this.m%u();\n    super.m%u();\n    m%u();\n", c->method[0],
			      c->method[1], c->method[0], c->method[1]);
		render_uses(m, f, ".", "    ", out);
		sq_buf_printf(out, "  }\n  static int f%u(int a) { return a; }\n}\n", c->method[1]);
	}
	sq_buf_printf(out, "class S%u {\n", f->stem);
	for (unsigned i = 0; i < f->n_funcs; i++)
		sq_buf_printf(out, "  %sstatic int f%u(int a) { return a; }\n", f->func[i].local ? "private " : "",
			      f->func[i].name);
	sq_buf_puts(out, "  void user(C1 x) {\n    x.m1();\n    new C2().m2();\n");
	render_uses(m, f, ".", "    ", out);
	sq_buf_puts(out, "  }\n}\n");
}

void model_render(const struct model *m, const struct model_file *f, struct sq_buf *out)
{
	switch (m->lang) {
	case SQ_LANG_C: case SQ_LANG_CPP:
		render_c(m, f, out);
		return;
	case SQ_LANG_PYTHON:
		render_python(m, f, out);
		return;
	case SQ_LANG_JAVASCRIPT: case SQ_LANG_TYPESCRIPT: case SQ_LANG_TSX:
		render_script(m, f, out);
		return;
	case SQ_LANG_GO:
		render_go(m, f, out);
		return;
	case SQ_LANG_RUST:
		render_rust(m, f, out);
		return;
	default:
		render_java(m, f, out);
	}
}

const char *model_config(const struct model *m, unsigned v, const char **ret_name)
{
	static const char *const go[] = { "", "module ex.com/m\n", "module ex.com/n\n", "module ex.com/m/a\n" };
	static const char *const cargo[] = { "", "[package]\nname = \"krate\"\n", "[package]\nname = \"other\"\n",
					     "[package]\nname = \"s0\"\n" };
	static const char *const python[] = { "", "[tool.setuptools.packages.find]\nwhere = [\"a\"]\n",
					      "[tool.setuptools.packages.find]\nwhere = [\"b\"]\n",
					      "[project]\nname = \"p\"\n" };
	static const char *const package[] = { "", "{\"name\": \"pkg\", \"main\": \"s0.js\"}",
					       "{\"name\": \"pkg\", \"main\": \"a/s1\"}", "{\"name\": \"other\"}" };
	static const char *const tsconfig[] = { "", "{\"compilerOptions\": {\"baseUrl\": \".\", \"paths\": {\"@lib/*\": [\"a/*\"]}}}",
						"{\"compilerOptions\": {\"paths\": {\"@lib/*\": [\"b/*\"]}}}",
						"{\"compilerOptions\": {\"baseUrl\": \"a\"}}" };
	static const char *const commands[] = {
		"", "[{\"directory\": \"/r\", \"command\": \"cc -Ia -Ib -c s0.c\", \"file\": \"s0.c\"}]",
		"[{\"directory\": \"/r\", \"command\": \"cc -Ib -Ia -c s0.c\", \"file\": \"s0.c\"}]",
		"[{\"directory\": \"/r\", \"arguments\": [\"cc\", \"-I\", \"/r/a/c\", \"-c\", \"s0.c\"], \"file\": \"s0.c\"}]" };

	switch (m->lang) {
	case SQ_LANG_GO:
		*ret_name = "go.mod";
		return go[v];
	case SQ_LANG_RUST:
		*ret_name = "Cargo.toml";
		return cargo[v];
	case SQ_LANG_PYTHON:
		*ret_name = "pyproject.toml";
		return python[v];
	case SQ_LANG_JAVASCRIPT: case SQ_LANG_TYPESCRIPT: case SQ_LANG_TSX:
		*ret_name = v & 1 ? "package.json" : "tsconfig.json";
		return v & 1 ? package[v] : tsconfig[v];
	default:
		*ret_name = "compile_commands.json";
		return commands[v];
	}
}
