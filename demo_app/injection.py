"""Detects prompt injections in questions.

The patterns match what a text asks for, not single words: "ignore the previous invoice" is a customer's question.
`injection_examples.yaml` has examples to measure the detection with.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator

_RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directives?|directions|orders|commands|polic(?:y|ies)"
    r"|restrictions?|guardrails|filters?|programming)"
)
_WHOSE = (
    r"(?:previous|prior|above|earlier|preceding|former|past|foregoing|system|initial|original|hidden|secret|your|all"
    r"|any|every|developer|safety)"
)
_OVERRIDE = r"(?:ignore|disregard|forget|override|bypass|skip|discard|neglect|(?:stop|not|n't) (?:follow|obey)\w*)"
_SAY = (
    r"(?:reveal|show|print|repeat|output|display|tell|give|quote|translate|encode|write|list|summari[sz]e|recite"
    r"|copy|paste|share|disclose|expose|leak|return|what (?:is|are|was|were))"
)
_FREE = r"(?:unrestricted|uncensored|unfiltered|jailbroken|evil\w*|amoral|dan)"
_NO_LIMITS = (
    r"(?:no|without|ignor\w+|free of) (?:any |all |content |safety |your )*"
    r"(?:restrictions?|rules|limits|limitations|filters?|polic\w+)"
)
_BOT = r"(?:ai|llm|assistant|chatbot|bot|\w+bot|language model|model|dan|hacker|terminal|shell)"

_PATTERNS = (
    # other instructions instead of ours
    rf"\b{_OVERRIDE}\b.{{0,40}}\b{_WHOSE}(?: \w+){{0,2}} {_RULES}\b",
    rf"\b{_OVERRIDE}\b.{{0,20}}\b(?:everything|anything|all|what(?:ever)?)\b.{{0,20}}\b(?:told|said|given|above|before)\b",
    rf"\b{_RULES} (?:before|above|preceding|prior to)\b.{{0,80}}\b(?:mistake|wrong|void|invalid|not follow|ignored?)\b",
    r"\bnew (?:instructions?|task|system prompt|system message|policy|rules?|objective|persona) ?:",
    r"\byour (?:real|true|actual|new) (?:job|task|purpose|goal|role|instructions?|objective) (?:is|are)\b",
    r"\bfrom now on,? you (?:only|follow|obey|answer|respond|reply|speak|act|ignore|have no|do (?:only|what))\b",
    # asking for our own instructions
    rf"\b{_SAY}\b.{{0,40}}\b(?:hidden|secret|initial|system|internal|original|developer|confidential) "
    rf"(?:\w+ )?(?:{_RULES}|notes)\b",
    rf"\b{_SAY}\b.{{0,25}}\byour (?:own |full |exact |entire )?(?:instructions?|prompt|guidelines|directives)\b"
    r"(?! (?:for|on|to|about|how|in|from|say|state))",
    r"\b(?:instructions?|rules|prompt|text) (?:that )?you (?:were|have been|had been|got|received|are) (?:\w+ )?"
    r"(?:given|told|following|under)\b",
    rf"\b{_SAY}\b.{{0,30}}\b(?:text|words|everything|all|lines?|content|messages?) (?:that is |written )?above\b",
    r"\byour (?:entire |whole |full )?context(?: window)?\b",
    r"\b(?:dump|exfiltrate)\b.{0,30}\b(?:documents|database|memory|context|prompt)\b",
    r"\b(?:your|my|full|entire|whole) system ?prompt\b",
    r"\bsystem ?prompt(?: (?:word for word|verbatim|and|in)\b| ?(?:[.:=!?\"'`)]|$))",
    rf"\b{_SAY}\b.{{0,40}}\bsystem ?prompt\b|\bprompt système\b|\bprompt de(?:l)? sistema\b",
    # playing another character
    rf"\byou are (?:now|no longer) (?:an? |the |my |called |in )?(?:\w+ )?"
    rf"(?:{_FREE}|{_BOT}|bound|restricted|{_NO_LIMITS})\b",
    rf"\b(?:act|answer|respond|behave) (?:as|like) (?:an? |the |my )?(?:\w+ ){{0,2}}(?:{_FREE}|{_BOT})\b",
    rf"\b(?:pretend|imagine|role-?play|simulate|suppose|game|act|as if)\b.{{0,80}}"
    rf"\b(?:{_FREE}|{_NO_LIMITS}|filters? (?:\w+ )?off|safety rules)\b",
    r"\b(?:dan|god|jailbreak|unrestricted|uncensored) mode\b|\bdo anything now\b|\bstay in character\b",
    r"\bjailbr(?:eak|oken)\b(?! (?:i?phones?|ipads?|tablets?|devices?|android))",
    r"\bused to (?:read|tell|sing|recite|whisper)\b.{0,60}\b(?:passwords?|keys|codes?|secrets?)\b",
    r"\b(?:safety|security|content|all) (?:checks?|filters?|rules?|polic\w+|restrictions?) "
    r"(?:(?:are|is|switched|turned|now) )*(?:disabled|off|suspended|lifted)\b",
    r"\byou may now (?:reveal|ignore|say|answer|disclose)\b",
    # our own delimiters, and forged turns of the conversation
    r"<\|?/?(?:im_start|im_end|im_sep|endoftext|system|assistant|user)\|?>|<</?sys>>|\[/?inst\]",
    r"</ ?(?:question|context|articles?|documents?|instructions?|prompt|user_input)>",
    r"\"role\" ?: ?\"(?:system|developer|assistant)\"|(?:^|\n) ?assistant ?:",
    r"(?:^|\n) ?(?:#+ ?(?:system|developer)\b ?:?|system ?:.{0,60}\b(?:you|ignore|instructions?|obey|reveal)\b)",
    r"\b(?:begin|end)(?: of)? (?:admin|system|user|developer|root) (?:override|input|prompt|message|instructions?)\b",
    # actions for a third party
    rf"\b(?:note|message|instructions?|attention|hint)\b.{{0,15}}\b(?:to|for) (?:the |any |an )?{_BOT}\b",
    r"\b(?:not|n't|never) mention (?:this|these) (?:note|message|instructions?|line)\b|!\[[^\]]*\]\(https?://",
    r"\b(?:run|execute)\b.{0,30}\b(?:shell|bash|terminal|os) (?:command|code|script)\b",
    r"\bon your (?:server|machine|host)\b.{0,60}\bkeys?\b",
    r"\b(?:call|invoke|trigger) (?:the |your )?[\w-]+ (?:function|tool)\b.{0,80}"
    r"\b(?:no|without|skip) (?:\w+ )?(?:confirmation|asking|approval)\b",
    r"\b(?:decode|decrypt|base64|rot-?13|backwards|reversed?)\b.{0,60}"
    r"\b(?:do (?:what|as) it|follow|obey|execute|comply|carry (?:it|them) out)\b",
    # "ignore the previous instructions" in other languages
    r"\b(?:ignorier|vergiss|vergesse|missachte|überge)\w*\b.{0,40}\b(?:anweisung|regeln|vorgabe|instruktion)",
    r"\bsystem-?prompt\w* (?:aus|an|wieder)\b",
    r"\b(?:ignore[rz]?|oublie[rz]?|néglige[rz]?)\b.{0,40}\b(?:instructions|consignes|directives|règles)\b",
    r"\b(?:olvid|ignor|omit)(?:a|ar|e|en)\b.{0,40}\b(?:instrucciones|reglas|indicaciones)\b",
    r"\b(?:ignor|dimentic|trascur)(?:a|are|ate)\b.{0,40}\b(?:istruzioni|regole|indicazioni)\b",
    r"\b(?:ignor|esqueç)(?:a|e|ar)\b.{0,40}\b(?:instruções|regras)\b|\b(?:negeer|vergeet)\b.{0,40}\b(?:instructies|regels)\b",
    r"\b(?:zignoruj|zapomnij|pomiń)\b.{0,40}\b(?:instrukcj|polece|zasad)|\b(?:забудь|игнорируй|проигнорируй)\w*.{0,40}(?:инструкц|указани|правил)",
    r"(?:忽略|无视|無視|忘记|忘記).{0,15}(?:指令|指示|提示|规则|規則)|系统提示|系統提示|システムプロンプト",
    r"(?:指示|命令|ルール).{0,10}(?:無視|忘れ)|(?:지시|명령|규칙).{0,10}(?:무시|잊)",
)  # fmt: skip
_INJECTION = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS))
# Words that were spelled letter by letter, without gaps between the words.
_RUN_TOGETHER = re.compile(
    r"(?:ignore|disregard|forget|reveal|show)\w{0,20}(?:instructions?|systemprompt|yourrules|yourprompt)"
)

_SPELLED_OUT = re.compile(r"\b\w(?:([ .\-_*])\w)(?:\1\w)+\b")
_MIXED_WORD = re.compile(r"\b(?=\w*[a-z])(?=\w*\d)\w{2,}\b")
_DIGITS_FOR_LETTERS = str.maketrans("013457", "oieast")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")


def is_injection(question: str) -> bool:
    return any(_INJECTION.search(text) or _RUN_TOGETHER.search(text) for text in set(_readings(question)))


def _readings(question: str) -> Iterator[str]:
    """The text in the forms that a model can read: hidden characters removed, spelled words joined, codes decoded."""
    visible = "".join(sign for sign in unicodedata.normalize("NFKC", question) if unicodedata.category(sign) != "Cf")
    together = _SPELLED_OUT.sub(lambda match: match[0].replace(match[1], ""), visible)
    for text in (visible, together, visible[::-1], codecs.encode(visible, "rot13"), *_decoded(visible)):
        plain = re.sub(r"[ \t\r\f\v]*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text.replace("’", "'").lower()))
        flat = plain.replace("\n", " ")
        yield from (plain, flat, _MIXED_WORD.sub(lambda match: match[0].translate(_DIGITS_FOR_LETTERS), flat))


def _decoded(text: str) -> Iterator[str]:
    for code in _BASE64.findall(text):
        try:
            yield base64.b64decode(code, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
