/**
 * The language server for assembly: translates between the protocol and the functions of this
 * folder, and reads included files. Holds no knowledge of the language or of an instruction set.
 * Language Server Protocol 3.17.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CompletionItemKind,
  createConnection,
  DiagnosticSeverity,
  DidChangeConfigurationNotification,
  MarkupKind,
  ProposedFeatures,
  SymbolKind,
  TextDocuments,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import type {
  CompletionItem,
  Diagnostic,
  DocumentSymbol,
  Position as LspPosition,
  Range,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { isaNamed } from '../core/registry.ts';
import { completionsAt, describeCompletion } from './completion.ts';
import type { Completion, CompletionKind } from './completion.ts';
import { problemsOf } from './diagnostics.ts';
import { familyOf } from './family.ts';
import { environmentOf } from './environment.ts';
import type { IncludedFile } from './environment.ts';
import { hoverAt } from './hover.ts';
import { parseSource } from './source.ts';
import type { Position, Source, Span } from './source.ts';
import { definitionAt, referencesAt } from './symbols.ts';
import type { DefinitionKind } from './symbols.ts';
import { outlineOf } from './outline.ts';
import type { OutlineItem } from './outline.ts';
import { vocabularyOf } from './vocabulary.ts';

const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const vocabulary = vocabularyOf(familyOf([isaNamed('rv64'), isaNamed('rv32')]));
/** Parsed once per version of a document. */
const parsed = new WeakMap<TextDocument, { version: number; source: Source }>();
const headers = new Map<string, { modified: number; content: IncludedFile }>();
let folders: string[] = [];
let canAskConfiguration = false;

connection.onInitialize(({ workspaceFolders, capabilities }) => {
  folders = (workspaceFolders ?? []).flatMap((f) => localPath(f.uri) ?? []);
  canAskConfiguration = capabilities.workspace?.configuration === true;
  return {
    serverInfo: { name: 'Trapline assembly' },
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Incremental,
      hoverProvider: true,
      completionProvider: { triggerCharacters: ['.', '%'], resolveProvider: true },
      documentSymbolProvider: true,
      definitionProvider: true,
      referencesProvider: true,
    },
  };
});

connection.onInitialized(async () => {
  if (!canAskConfiguration) return;
  await connection.client.register(DidChangeConfigurationNotification.type, {
    section: 'trapline.assembly',
  });
});
connection.onDidChangeConfiguration(() => {
  for (const document of documents.all()) void publishProblems(document);
});

documents.onDidChangeContent(({ document }) => void publishProblems(document));
documents.onDidClose(({ document }) => {
  void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
});

connection.onHover(({ textDocument, position }) => {
  const source = sourceOf(textDocument.uri);
  const hover = source && hoverAt(source, vocabulary, fromLsp(position));
  if (!hover) return null;
  return {
    contents: { kind: MarkupKind.Markdown, value: hover.markdown },
    range: toRange(hover.at),
  };
});

connection.onCompletion(({ textDocument, position }) => {
  const source = sourceOf(textDocument.uri);
  return source ? completionsAt(source, vocabulary, fromLsp(position)).map(toItem) : [];
});

connection.onCompletionResolve((item) => {
  const text = describeCompletion(vocabulary, item.label, item.data as CompletionKind);
  if (text === undefined) return item;
  return { ...item, documentation: { kind: MarkupKind.Markdown, value: text } };
});

connection.onDocumentSymbol(({ textDocument }) => {
  const source = sourceOf(textDocument.uri);
  return source ? outlineOf(source).map((item) => toSymbol(source, item)) : [];
});

connection.onDefinition(({ textDocument, position }) => {
  const source = sourceOf(textDocument.uri);
  if (!source) return null;
  return definitionAt(source, fromLsp(position)).map((d) => ({
    uri: textDocument.uri,
    range: toRange(d.at),
  }));
});

connection.onReferences(({ textDocument, position, context }) => {
  const source = sourceOf(textDocument.uri);
  if (!source) return null;
  const at = fromLsp(position);
  const definitions = context.includeDeclaration ? [] : definitionAt(source, at);
  return referencesAt(source, at)
    .filter((r) => !definitions.some((d) => d.at.line === r.line && d.at.start === r.start))
    .map((r) => ({ uri: textDocument.uri, range: toRange(r) }));
});

documents.listen(connection);
connection.listen();

async function publishProblems(document: TextDocument): Promise<void> {
  const { uri, version } = document;
  const wanted = await diagnosticsWanted(uri);
  if (documents.get(uri)?.version !== version) return;
  const source = sourceOf(uri);
  if (!source) return;
  const environment = environmentOf(source, localPath(uri) ?? uri, readInclude);
  const problems = wanted ? problemsOf(source, vocabulary, environment) : [];
  const diagnostics = problems.map((p): Diagnostic => ({
    range: toRange(p),
    message: p.message,
    code: p.code,
    source: 'trapline',
    severity: DiagnosticSeverity.Warning,
  }));
  await connection.sendDiagnostics({ uri, version, diagnostics });
}

async function diagnosticsWanted(uri: string): Promise<boolean> {
  if (!canAskConfiguration) return true;
  const section = 'trapline.assembly.diagnostics';
  const value: unknown = await connection.workspace.getConfiguration({ scopeUri: uri, section });
  return value !== false;
}

function sourceOf(uri: string): Source | undefined {
  const document = documents.get(uri);
  if (!document) return undefined;
  const known = parsed.get(document);
  if (known?.version === document.version) return known.source;
  const source = parseSource(document.getText());
  parsed.set(document, { version: document.version, source });
  return source;
}

/** Beside the file that includes it, else in a workspace folder or its `include`. */
function readInclude(name: string, system: boolean, from: string): IncludedFile | undefined {
  const beside = system ? [] : [path.resolve(path.dirname(from), name)];
  const roots = folders.flatMap((f) => [path.join(f, name), path.join(f, 'include', name)]);
  for (const file of [...beside, ...roots]) {
    const found = readHeader(file);
    if (found) return found;
  }
  return undefined;
}

/** The same object as long as the file is the same, so that it is parsed once. */
function readHeader(file: string): IncludedFile | undefined {
  try {
    const modified = statSync(file).mtimeMs;
    const known = headers.get(file);
    if (known?.modified === modified) return known.content;
    const content = { key: file, text: readFileSync(file, 'utf8') };
    headers.set(file, { modified, content });
    return content;
  } catch {
    // A folder, absent, or not ours to read: to the user it is all the same.
    return undefined;
  }
}

function localPath(uri: string): string | undefined {
  return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
}

function fromLsp({ line, character }: LspPosition): Position {
  return { line, column: character };
}

function toRange({ line, start, end }: Span): Range {
  return { start: { line, character: start }, end: { line, character: end } };
}

const completionKinds: Record<CompletionKind, CompletionItemKind> = {
  instruction: CompletionItemKind.Keyword,
  pseudoInstruction: CompletionItemKind.Keyword,
  directive: CompletionItemKind.Property,
  macro: CompletionItemKind.Function,
  register: CompletionItemKind.Variable,
  controlRegister: CompletionItemKind.Field,
  label: CompletionItemKind.Reference,
  constant: CompletionItemKind.Constant,
  relocation: CompletionItemKind.Operator,
};

function toItem({ label, kind, detail, at }: Completion): CompletionItem {
  return {
    label,
    kind: completionKinds[kind],
    detail,
    data: kind,
    textEdit: { range: toRange(at), newText: label },
  };
}

function toSymbol(source: Source, item: OutlineItem): DocumentSymbol {
  const { definition } = item;
  const lastLine = Math.max(definition.at.line, definition.lastLine);
  return {
    name: definition.name,
    kind: symbolKind(definition.kind),
    range: {
      start: { line: definition.at.line, character: 0 },
      end: { line: lastLine, character: source.lines[lastLine]?.length ?? 0 },
    },
    selectionRange: toRange(definition.at),
    children: item.children.map((child) => toSymbol(source, child)),
  };
}

function symbolKind(kind: DefinitionKind): SymbolKind {
  const kinds: Record<DefinitionKind, SymbolKind> = {
    label: SymbolKind.Function,
    localLabel: SymbolKind.Key,
    macro: SymbolKind.Method,
    section: SymbolKind.Namespace,
    constant: SymbolKind.Constant,
    define: SymbolKind.Constant,
  };
  return kinds[kind];
}
