// SPDX-License-Identifier: MIT
// Runs a JavaScript or TypeScript program and prints each call of a function of its
// own files: callee file and line, has it no name, caller file and line. Every function
// gets a first statement that notes the stack; types are stripped by the compiler.
// Arguments: directory of the package typescript, the program's main file.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const Module = require('node:module');
const ts = require(path.resolve(process.argv[2]));

const main = path.resolve(process.argv[3]);
const maps = new Map();
const seen = new Set();

Error.stackTraceLimit = 100;

function isNamed(node) {
	const up = node.parent;

	return !!node.name || ts.isConstructorDeclaration(node) ||
		ts.isVariableDeclaration(up) || ts.isPropertyAssignment(up) ||
		ts.isPropertyDeclaration(up) || ts.isBinaryExpression(up) || ts.isExportAssignment(up);
}

function instrument(file, text) {
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
	const inserts = [];
	const visit = (node) => {
		if (ts.isFunctionLike(node) && node.body) {
			const line = source.getLineAndCharacterOfPosition((node.name ?? node).getStart()).line + 1;
			const note = `__called(${JSON.stringify(file)},${line},${isNamed(node) ? 0 : 1})`;

			if (ts.isBlock(node.body)) {
				inserts.push([node.body.getStart() + 1, ` ${note}; `]);
			} else {
				inserts.push([node.body.getStart(), `(${note}, `]);
				inserts.push([node.body.getEnd(), ')']);
			}
		}
		ts.forEachChild(node, visit);
	};

	visit(source);
	inserts.sort((a, b) => b[0] - a[0]);
	for (const [at, what] of inserts)
		text = text.slice(0, at) + what + text.slice(at);
	return text;
}

globalThis.__called = (file, line, anonymous) => {
	const prepare = Error.prepareStackTrace;
	let frames, decorates = false;

	Error.prepareStackTrace = (_, sites) => sites;
	frames = new Error().stack.slice(2);
	Error.prepareStackTrace = prepare;
	for (const site of frames) {
		const from = site.getFileName();

		decorates ||= site.getFunctionName() === '__decorate';
		if (!maps.has(from))
			continue;
		const entry = maps.get(from).findEntry(site.getLineNumber() - 1, site.getColumnNumber() - 1);
		// a helper that the compiler adds
		if (!Number.isInteger(entry.originalLine))
			continue;
		// a decorator is called where its class is made, outside of functions
		const at = decorates ? 0 : entry.originalLine + 1;
		const text = ['CALL', file, line, anonymous, from, at].join('\t');

		if (!seen.has(text))
			seen.add(text);
		return;
	}
};

function load(module, file) {
	const text = instrument(file, fs.readFileSync(file, 'utf8'));
	const out = ts.transpileModule(text, { fileName: file, compilerOptions: {
		target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, allowJs: true,
		esModuleInterop: true, experimentalDecorators: true, sourceMap: true } });

	maps.set(file, new Module.SourceMap(JSON.parse(out.sourceMapText)));
	module._compile(out.outputText, file);
}

for (const ext of ['.js', '.ts', '.mjs', '.cjs', '.tsx', '.jsx'])
	Module._extensions[ext] = load;
console.log = () => {};
process.on('exit', () => process.stdout.write([...seen].join('\n') + '\n'));
require(main);
