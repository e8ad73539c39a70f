# Writes literals and what Elixir takes them for, and lock files as Mix writes them, as JSON:
#
#     elixir test/hex/vectors/locks.exs 1 > test/hex/vectors/locks.json
#
# The argument is the seed: the same seed and the same Elixir write the same vectors. Elixir 1.14
# wrote the committed ones.

defmodule Vectors do
  @odd_literals [
    "%{}",
    "[]",
    "{}",
    " \n\t%{ }\r\n",
    "%{\n}\n",
    "# why\n%{ # here\n\"a\": 1, # and\n# there\n}# end",
    "[1,]",
    "{1,}",
    "[a: 1,]",
    "%{a: 1,}",
    "%{\"a\" => 1,}",
    "%{\"a\" => 1, :b => 2, c: 3, \"d e\": 4}",
    "%{nil => 1, true => 2, 3 => 4}",
    "[1, :a, b: 2, c: 3]",
    "[nil: nil, true: true, false: :false, do: :end, when: :not]",
    "[:nil, :true, :\"true\", :\"nil\"]",
    "[a?: :b!, c@d: :e@f, _: :_, Foo: :Bar, __x__: :__x__]",
    "[\"#\": \"#\", \"\\\#{\": \"a#b # c\", \"\": :\"\"]",
    "[été: :日本, É1: :ñ?]",
    "[a:\n1, b:\t2, c:\r\n3]",
    "[-1, 1_000, 0, -0, 007, 9007199254740993, -123456789012345678901234567890]",
    ~S|"\0\a\b\d\e\f\n\r\s\t\v\"\\\'\#\z\é"|,
    ~S|"\x41\x7f\x00\u00e9\u{1F986}\u{e9}\u{00E9}"|,
    "\"a\\\nb\\\r\nc\nd\r\ne\\\\\"",
    "\"æ日本🦆\u0301\0\u0007\"",
    ":\"a b\\n\\\"c\\\"\"",
    "[\"a:\", \"a: b\", :\"c:\", \"d\": \"e\"]",
    "[\"__proto__\": 1, constructor: :toString]"
  ]

  @words ~w(a b1 mix rebar3 hex git branch optional_ x_Y yes? no! été Été at@home nil true false)
  @characters [
    ?a,
    ?Z,
    ?0,
    ?\s,
    ?",
    ?\\,
    ?#,
    ?{,
    ?},
    ?',
    ?:,
    ?,,
    ?%,
    ?\n,
    ?\t,
    ?\e,
    0,
    7,
    0x7F,
    ?é,
    ?日,
    0x1F986
  ]

  def write(seed) do
    :rand.seed(:exsss, seed)
    written = for _ <- 1..400, do: text(literal(4))
    inspected = for text <- Enum.take(written, 200), do: text |> eval() |> again()

    IO.write([
      ["{\n\"elixir\": ", json(System.version()), ",\n\"seed\": ", json(seed)],
      table(
        "literals",
        for(text <- @odd_literals ++ written ++ inspected, do: [text, tagged(eval(text))])
      ),
      table("locks", for(_ <- 1..20, do: lock_file())),
      "\n}\n"
    ])
  end

  # As Mix does.
  defp eval(text) do
    {:ok, quoted} = Code.string_to_quoted(text, warn_on_unnecessary_quotes: false)
    quoted |> Code.eval_quoted() |> elem(0)
  end

  defp again(term),
    do:
      inspect(
        term,
        one_of([[], [pretty: true, width: 20]]) ++
          [limit: :infinity, charlists: :as_lists, binaries: :as_strings]
      )

  # Literals as text, in all the ways that people write them.
  defp literal(depth) do
    case :rand.uniform(if(depth == 0, do: 4, else: 8)) do
      1 -> string()
      2 -> atom()
      3 -> integer()
      4 -> one_of(["nil", "true", "false"])
      5 -> ["{", elements(depth, []), "}"]
      6 -> ["[", elements(depth, []), "]"]
      7 -> ["[", elements(depth, :keywords), "]"]
      8 -> ["%{", elements(depth, :map), "}"]
    end
  end

  defp elements(depth, kind) do
    plain =
      few(fn -> [if(kind == :map, do: [key(), " =>", space()], else: []), literal(depth - 1)] end)

    keywords =
      if kind == [], do: [], else: few(fn -> [keyword(), some_space(), literal(depth - 1)] end)

    plain = if kind == :keywords and one_in(2), do: [], else: plain
    all = Enum.map(plain ++ keywords, &[space(), &1])
    last = if all != [] and one_in(4), do: ",", else: ""
    [Enum.intersperse(all, ","), last, space()]
  end

  # No key is there twice: Elixir would warn.
  defp key(), do: one_of([string(), atom(), integer()]) |> unique()

  defp keyword(),
    do: one_of([["k", unique_suffix(), "_", one_of(@words), ":"], [string() |> unique(), ":"]])

  defp unique(["\"", text, "\""]), do: ["\"", text, unique_suffix(), "\""]
  defp unique(["\"", _text, _suffix, "\""] = already), do: already
  defp unique([":", text]) when is_list(text), do: [":", unique(text)]
  defp unique([":", text]), do: [":x", unique_suffix(), "_", text]
  defp unique(_), do: unique_suffix()

  defp unique_suffix() do
    next = Process.get(:next, 0) + 1
    Process.put(:next, next)
    to_string(next)
  end

  defp string(), do: ["\"", few(fn -> escape_source(one_of(@characters)) end), "\""]
  defp atom(), do: if(one_in(3), do: [":", unique(string())], else: [":", one_of(@words)])

  defp integer(),
    do: one_of(["0", "-7", "1_000", "#{:rand.uniform(1_000_000)}", "9007199254740993"])

  defp escape_source(char) when char in [?", ?\\], do: [?\\, char]
  defp escape_source(?#), do: one_of(["\\#", "# "])
  defp escape_source(0), do: "\\0"

  defp escape_source(char) do
    case :rand.uniform(8) do
      1 -> "\\u{#{Integer.to_string(char, 16)}}"
      2 when char < 0x10000 -> "\\u#{hex4(char)}"
      3 when char < 0x80 -> "\\x#{hex(char, 2)}"
      _ -> <<char::utf8>>
    end
  end

  defp space(), do: one_of(["", "", " ", "\n  ", " # why\n"])
  defp some_space(), do: one_of([" ", "\n", "\t"])
  defp few(make), do: for(_ <- 1..(:rand.uniform(4) - 1)//1, do: make.())
  defp text(parts), do: IO.iodata_to_binary(["", parts])

  # What Mix makes of locks, and what Hex reads from them (Hex.Utils.lock/1).
  defp lock_file() do
    map = for at <- 1..(:rand.uniform(12) - 1)//1, into: %{}, do: {:"app_#{at}", lock(at)}
    text = written_by_mix(map)
    ^map = eval(text)
    hex = for {_, lock} <- map, elem(lock, 0) == :hex, do: release(Tuple.to_list(lock))
    [text, hex, for({app, lock} <- map, elem(lock, 0) != :hex, do: to_string(app))]
  end

  defp written_by_mix(map) do
    # Mix writes nothing when nothing changes, and there is no file yet.
    folder = Path.join(System.tmp_dir!(), "locks-#{System.pid()}-#{:rand.uniform(1_000_000_000)}")
    File.mkdir_p!(folder)

    try do
      File.cd!(folder, fn ->
        File.write!("mix.lock", "%{old: {:git, \"\", \"\", []}}")
        Mix.Dep.Lock.write(map)
        File.read!("mix.lock")
      end)
    after
      File.rm_rf!(folder)
    end
  end

  defp lock(at) do
    dependency =
      {:"app_#{at + 1}", one_of(["~> 1.0", ">= 1.0.0 and < 2.0.0"]),
       [hex: :other, repo: "hexpm", optional: one_in(2)]}

    managers = one_of([[:mix], [:rebar3], [:make, :rebar3], []])

    full =
      {:hex, :"package_#{at}", one_of(["1.0.0", "0.1.10", "2.0.0-rc.1"]), sha(), managers,
       few(fn -> dependency end), one_of(["hexpm", "acme", "hexpm:acme"]), sha()}

    case :rand.uniform(6) do
      1 ->
        {:git, "https://example.com/a.git", String.slice(sha(), 0, 40),
         one_of([[], [branch: "main"], [ref: "a", submodules: true]])}

      2 ->
        full |> Tuple.to_list() |> Enum.take(one_of([3, 4, 5, 6, 7])) |> List.to_tuple()

      _ ->
        full
    end
  end

  defp release(list) do
    destructure([:hex, name, version, inner, _managers, _deps, repo, outer], list)
    [repo || "hexpm", to_string(name), version, outer, inner]
  end

  defp sha(), do: Base.encode16(:crypto.hash(:sha256, unique_suffix()), case: :lower)

  defp one_of(list), do: Enum.at(list, :rand.uniform(length(list)) - 1)
  defp one_in(count), do: :rand.uniform(count) == 1

  # As the WrittenTerm of test/hex/erlang/vectors.ts.
  defp tagged(term) when is_integer(term), do: {"integer", to_string(term)}
  defp tagged(term) when is_binary(term), do: {"binary", Base.encode16(term, case: :lower)}
  defp tagged(term) when is_atom(term), do: {"atom", Atom.to_string(term)}
  defp tagged(term) when is_list(term), do: {"list", Enum.map(term, &tagged/1)}

  defp tagged(term) when is_tuple(term),
    do: {"tuple", term |> Tuple.to_list() |> Enum.map(&tagged/1)}

  defp tagged(term) when is_map(term),
    do: {"map", for({key, value} <- term, do: [tagged(key), tagged(value)])}

  defp table(name, rows),
    do: [",\n", json(name), ": [\n", Enum.map_intersperse(rows, ",\n", &json/1), "\n]"]

  # Elixir 1.14 knows no JSON.
  defp json(nil), do: "null"
  defp json(number) when is_integer(number), do: to_string(number)
  defp json({key, value}), do: ["{", json(key), ":", json(value), "}"]
  defp json(list) when is_list(list), do: ["[", Enum.map_intersperse(list, ",", &json/1), "]"]

  defp json(text) when is_binary(text),
    do: ["\"", for(<<char::utf8 <- text>>, do: escape(char)), "\""]

  defp escape(char) when char in [?", ?\\], do: [?\\, char]
  defp escape(char) when char in 32..126, do: char
  defp escape(char), do: for(<<(unit::16 <- <<char::utf16>>)>>, do: ["\\u", hex4(unit)])

  defp hex4(unit), do: hex(unit, 4)
  defp hex(number, digits), do: number |> Integer.to_string(16) |> String.pad_leading(digits, "0")
end

# Mix writes locks of projects only.
Mix.start()

defmodule Locks.MixProject do
  use Mix.Project
  def project, do: [app: :locks, version: "0.1.0"]
end

[seed] = System.argv()
Vectors.write(String.to_integer(seed))
