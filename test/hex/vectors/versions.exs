# Writes what Elixir's own Version says about thousands of versions and requirements, as JSON:
#
#     elixir test/hex/vectors/versions.exs 1 2>/dev/null > test/hex/vectors/versions.json
#
# The argument is the seed: the same seed and the same Elixir write the same vectors. Elixir 1.14
# wrote the committed ones. On standard error it only warns that `!=` is deprecated.

defmodule Vectors do
  # Newer Elixirs refuse a number of more than 14 digits. They are not asked about any.
  @numbers_are_endless Version.parse("100000000000000.0.0") != :error
  @long_numbers if not @numbers_are_endless,
                  do: [7],
                  else: [
                    100_000_000_000_000,
                    9_007_199_254_740_991,
                    9_007_199_254_740_992,
                    9_007_199_254_740_993,
                    10_000_000_000_000_000,
                    99_999_999_999_999_999_999,
                    100_000_000_000_000_000_000,
                    100_000_000_000_000_000_001
                  ]

  @words ~w(a b B Z alpha beta dev rc rc1 1a 0a 00a 0- - -- -1 a-b x-0)

  # What a slip of the finger or an attack puts in: other digits and spaces, signs in odd places.
  @noise String.split(
           ".;.;-;-;+;+; ; ;0;00;1;v;x;*;^;=;!;~;>;<;,;_;&&;||;or;and; or ; and ; OR ;$;\\;\";%;" <>
             "\n;\r\n;\t;\0;\u00A0;\u2028;\u0663;\uFF11;\u00B2;\u00E9;\u{1F600};\u212A;\u017F",
           ";"
         )

  @odd_versions """
  ; ;\n;1;1.0;1.0.0;1.0.0.0;1.0.0\n;\n1.0.0;1.0.0\r;1.0.0 ; 1.0.0;1.0.0\0;v1.0.0;V1.0.0;=1.0.0;\
  01.0.0;1.00.0;1.0.00;0.0.0;00.0.0;-1.0.0;1.0.-1;+1.0.0;1.0.0-;1.0.0+;1.0.0-+;1.0.0-+a;\
  1.0.0+a+b;1.0.0-a+b+c;1.0.0-a.;1.0.0-.a;1.0.0-a..b;1.0.0+a.;1.0.0+.a;1.0.0+a..b;1.0.0--;\
  1.0.0---;1.0.0--1;1.0.0-0;1.0.0-00;1.0.0-01;1.0.0-0a;1.0.0-00a;1.0.0-0-0;1.0.0-a.01;1.0.0-a.0;\
  1.0.0+01;1.0.0+00.00;1.0.0+0-0;1.0-a.0;1.0-a;1-a.0.0;1.0+a.0;1.0.0+a-b;1.0.0-a+b-c;1.0.0-a_b;\
  1.0.0-\u00E9;1.0.0-a\n;1.0.0+a\n;1.0.0+\u00E9;1..0;.1.0;1.0.;..;1.x.0;1.*.0;0x1.0.0;1e1.0.0;\
  1_0.0.0;1,0,0;1.0.0-a b;\u0661.\u0660.\u0660;\uFF11.\uFF10.\uFF10;1.0.\u00B2;1.0.0-\u0661;\
  1.0.0-\u212A;1.0.0-\u017F\
  """

  @odd_requirements """
  ; ;\t;\n;*;1;1.0;1.0.0; 1.0.0 ;~> 1;~> 1.0;~>1.0;  ~>  1.0  ;~> 1.0.0;~> 1.0-rc;~> 1.0-rc+b;\
  ~> 1.0+b;~> 1-rc;~> 1.0.0.0;~> 01.0;~> 1.00;~> 1.0.;~> .1.0;~> 1.0-;~> 1.0-01;~> 1.0+;\
  ~> 1.0-rc.;>= 1.0;> 1.0-rc;== 1.0;!= 1.0;!1.0.0;! 1.0.0;!=1.0.0;!!1.0.0;! =1.0.0;!==1.0.0;\
  =1.0.0;= 1.0.0;===1.0.0;== == 1.0.0;==1.0.0==;== 01.0.0;== 1.0.0-01;>= 1.0.0 <2.0.0;\
  >=1.0.0<2.0.0;> = 1.0.0;=> 1.0.0;=< 1.0.0;<> 1.0.0;~ > 1.0;~~> 1.0;~>> 1.0;~>= 1.0;\
  ~> 1.0 or ~> 2.0;~> 1.0  or  ~> 2.0;~> 1.0 or~> 2.0;~> 1.0or ~> 2.0;~> 1.0 OR ~> 2.0;\
  ~> 1.0 Or ~> 2.0;~> 1.0 || ~> 2.0;~> 1.0, ~> 2.0;~> 1.0 && ~> 2.0;~> 1.0 ~> 2.0;1.0.0 2.0.0;\
  1.0.0 0;1 .0.0;1.0.0 or 2.0.0;or 1.0.0; or 1.0.0;1.0.0 or;1.0.0 or ;1.0.0 and;1.0.0 and ;\
   and 1.0.0;1.0.0 or or 2.0.0;1.0.0 or  or 2.0.0;1.0.0 and or 2.0.0;1.0.0 or and 2.0.0;\
  1.0.0 and and 2.0.0;1.0.0 or 2.0.0 and 3.0.0 or 4.0.0; or ; and ;or;and;>;>= ;~>;!;!=;(1.0.0);\
  ^1.0.0;1.x.x;~> 1.0\n;~>\n1.0;~>\t1.0;~> 1.0\tor\t~> 2.0;~> 1.0 or\n~> 2.0;~>\u00A01.0;\
  ~> 1.0\u00A0or ~> 2.0;~> \u0661.\u0660;~> 1.0 or ~> 1.0 \u00E9;1.0.0-a or 2.0.0;\
  1.0.0-aor 2.0.0;1.0.0-a>b;~> 1.0.0-rc.1 and != 1.0.0;>= 0.0.0;>= 0.0.0-0;< 1.0.0-0;\
  <= 1.0.0+build;== 1.0.0+build;\0;~> 1.0\0\
  """

  # Each of these versions is asked about with each of the requirements: where `~>` ends, and where
  # a JavaScript number does.
  @border_versions ~w(0.9.9 1.0.0-0 1.0.0-rc.1 1.0.0 1.0.1-rc.1 1.1.0-0 1.1.0-rc.1 1.1.0 1.9.9 2.0.0-0
                      2.0.0-rc.1 2.0.0 9007199254740991.0.1 9007199254740992.0.0-0
                      9007199254740992.0.0 9007199254740993.0.0-0 9007199254740993.0.0)
  @border_requirements [
    "~> 1.0",
    "~> 1.0-rc.1",
    "~> 1.0.0",
    "~> 1.0.0-rc.1",
    "~> 1.0.1-rc.1",
    "> 1.0.0-rc.1",
    ">= 1.0.0",
    "< 2.0.0",
    "<= 2.0.0-rc.1",
    "~> 9007199254740991.0",
    "~> 9007199254740992.0",
    "> 9007199254740992.0.0",
    "< 9007199254740993.0.0"
  ]

  def write(seed) do
    :rand.seed(:exsss, seed)
    versions = askable(String.split(@odd_versions, ";") ++ times(3_000, &maybe_version/0))

    requirements =
      askable(String.split(@odd_requirements, ";") ++ times(1_500, &maybe_requirement/0))

    pairs = times(4_000, &pair/0)
    matches = border_matches() ++ times(3_000, fn -> {near_version(), requirement()} end)

    {legal, refused} = Enum.split_with(requirements, &(Version.parse_requirement(&1) != :error))

    IO.write([
      ["{\n\"elixir\": ", json(System.version()), ",\n\"seed\": ", json(seed)],
      table("parsed", Enum.flat_map(versions, &parsed/1)),
      table("refused", Enum.filter(versions, &(Version.parse(&1) == :error))),
      table("compared", for({a, b} <- pairs, do: [a, b, order(Version.compare(a, b))])),
      table("sorted", pairs |> Enum.take(300) |> Enum.flat_map(&Tuple.to_list/1) |> sorted()),
      table("requirements", legal),
      table("refusedRequirements", refused),
      table("matches", for({v, r} <- matches, do: [v, r, match(v, r, true), match(v, r, false)])),
      table("blank", Enum.filter(0..0xD7FF, &(String.trim_leading(<<&1::utf8>>) == ""))),
      "\n}\n"
    ])
  end

  defp askable(texts) do
    texts |> Enum.uniq() |> Enum.filter(&(@numbers_are_endless or not (&1 =~ ~r/[0-9]{15}/)))
  end

  defp parsed(text) do
    case Version.parse(text) do
      {:ok, v} -> [[text, v.major, v.minor, v.patch, v.pre, v.build]]
      :error -> []
    end
  end

  defp order(:lt), do: -1
  defp order(:eq), do: 0
  defp order(:gt), do: 1

  # No two of them are equal, so there is one right order.
  defp sorted(versions) do
    versions
    |> Enum.sort(&(Version.compare(&1, &2) != :gt))
    |> Enum.dedup_by(&%{Version.parse!(&1) | build: nil})
  end

  defp border_matches() do
    for version <- @border_versions,
        Version.parse(version) != :error,
        requirement <- @border_requirements,
        Version.parse_requirement(requirement) != :error,
        do: {version, requirement}
  end

  # The server's matching does not say `allow_pre`.
  defp match(version, requirement, true), do: Version.match?(version, requirement)

  defp match(version, requirement, false),
    do: Version.match?(version, requirement, allow_pre: false)

  defp maybe_version(), do: if(one_in(2), do: broken(version()), else: version())
  defp version(), do: core() <> pre() <> build()
  defp core(), do: Enum.join([number(), number(), number()], ".")
  defp pre(), do: if(one_in(2), do: "-" <> dotted(4, &identifier/0), else: "")
  defp build(), do: if(one_in(4), do: "+" <> dotted(2, &build_identifier/0), else: "")
  defp identifier(), do: if(one_in(2), do: number(), else: pick(@words))
  defp build_identifier(), do: pick(["001", "b", "-", "20130313", "A-z"])
  defp dotted(most, make), do: Enum.join(times(:rand.uniform(most), make), ".")

  defp number() do
    case :rand.uniform(12) do
      1 -> 99_999_999_999_999
      2 -> :rand.uniform(1_000_000)
      few when few in 3..4 -> pick(@long_numbers)
      _ -> :rand.uniform(12) - 1
    end
  end

  # Few enough values that two of them are often neighbours, or the same.
  defp near_version() do
    core = Enum.join(times(3, fn -> :rand.uniform(3) - 1 end), ".")
    core <> if(one_in(3), do: near_pre(), else: "") <> if(one_in(10), do: build(), else: "")
  end

  defp near_pre(), do: "-" <> pick(~w(0 1 2 10 a dev rc rc.0 rc.1 rc.1.0 rc.2 rc.10 rc.a rc1 - A))

  defp pair() do
    case :rand.uniform(4) do
      1 -> {version(), version()}
      2 -> same_core(core())
      3 -> {"1.0.0-rc.#{number()}", "1.0.0-rc.#{number()}"}
      4 -> {near_version(), near_version()}
    end
  end

  defp same_core(core), do: {core <> pre(), core <> pre() <> build()}

  defp maybe_requirement(), do: if(one_in(2), do: broken(requirement()), else: requirement())

  defp requirement() do
    more = times(pick([0, 0, 1, 1, 2, 3]), fn -> [pick([" or ", " and "]), condition()] end)
    Enum.join([condition() | List.flatten(more)])
  end

  defp condition(),
    do: space() <> operation(pick(~w(== != ! > > >= >= < < <= <= ~> ~> ~> ~>))) <> space()

  # Each `!` makes Elixir write a warning and its stack trace, so most are turned into something else.
  defp operation("!" <> _ = operator), do: pick(["==", ">=", "<=", operator]) <> operand()
  defp operation("=="), do: pick(["", "==", "== "]) <> operand()

  defp operation("~>"),
    do: spaced("~>") <> if(one_in(2), do: without_patch(operand()), else: operand())

  defp operation(operator), do: spaced(operator) <> operand()

  defp operand(), do: if(one_in(12), do: version(), else: near_version())
  defp without_patch(version), do: Regex.replace(~r/^(\d+\.\d+)\.\d+/, version, "\\1")
  defp spaced(operator), do: operator <> pick(["", " ", " ", " ", "  "])
  defp space(), do: if(one_in(8), do: pick([" ", "   "]), else: "")

  # One to three characters put in, taken out or replaced.
  defp broken(text), do: Enum.reduce(1..:rand.uniform(3), text, fn _, text -> break(text) end)

  defp break(text) do
    {before, behind} = String.split_at(text, :rand.uniform(String.length(text) + 1) - 1)

    case :rand.uniform(3) do
      1 -> before <> pick(@noise) <> behind
      2 -> before <> String.slice(behind, 1..-1//1)
      3 -> before <> pick(@noise) <> String.slice(behind, 1..-1//1)
    end
  end

  defp pick(list), do: Enum.at(list, :rand.uniform(length(list)) - 1)
  defp times(count, make), do: for(_ <- 1..count//1, do: make.())
  defp one_in(count), do: :rand.uniform(count) == 1

  defp table(name, rows),
    do: [",\n", json(name), ": [\n", Enum.map_intersperse(rows, ",\n", &json/1), "\n]"]

  # Elixir 1.14 knows no JSON. A number that JSON.parse would round is written as {"big": "…"}.
  defp json(nil), do: "null"
  defp json(boolean) when is_boolean(boolean), do: to_string(boolean)
  defp json(number) when number in -1..9_007_199_254_740_991, do: to_string(number)
  defp json(number) when is_integer(number), do: ["{\"big\":\"", to_string(number), "\"}"]
  defp json(list) when is_list(list), do: ["[", Enum.map_intersperse(list, ",", &json/1), "]"]

  defp json(text) when is_binary(text),
    do: ["\"", for(<<char::utf8 <- text>>, do: escape(char)), "\""]

  defp escape(char) when char in [?", ?\\], do: [?\\, char]
  defp escape(char) when char in 32..126, do: char
  defp escape(char), do: for(<<(unit::16 <- <<char::utf16>>)>>, do: ["\\u", hex4(unit)])

  defp hex4(unit), do: unit |> Integer.to_string(16) |> String.pad_leading(4, "0")
end

[seed] = System.argv()
Vectors.write(String.to_integer(seed))
