"""What the judge says, in English and Korean."""

from __future__ import annotations

Words = dict[str, str]

CAUSES: dict[str, Words] = {
    "zeros": {
        "en": "all its numbers are 0: the array is made, but nothing is put into it",
        "ko": "모든 값이 0입니다. 배열은 만들었지만 아무것도 더하지 않았습니다",
    },
    "sign": {
        "en": "the sign: every number is -1 times what it should be",
        "ko": "부호가 반대입니다. 모든 값에 -1이 곱해져 있습니다",
    },
    "dz_forgotten": {
        "en": "{arrives} is forgotten: these are the numbers for {arrives} = 1; the chain rule multiplies by it",
        "ko": "{arrives}의 곱이 빠졌습니다. {arrives} = 1일 때의 값입니다. 연쇄 법칙에서는 도착한 기울기를 곱합니다",
    },
    "handed_on": {
        "en": "dz is handed on as it came: the local derivative is missing",
        "ko": "dz를 그대로 넘겼습니다. 국소 도함수를 곱해야 합니다",
    },
    "transposed": {
        "en": "transposed: with its last two axes exchanged, every number is right",
        "ko": "전치되어 있습니다. 마지막 두 축을 서로 바꾸면 모든 값이 맞습니다",
    },
    "shape": {
        "en": "only the shape: the numbers are right, in shape {got} where {wanted} is needed (keepdims, or reshape)",
        "ko": "모양만 틀렸습니다. 값은 맞지만 모양이 {got}입니다. 정답의 모양은 {wanted}입니다 (keepdims 또는 reshape)",
    },
    "not_summed": {
        "en": "the sum is forgotten: summed from shape {got} to {wanted}, every number is right",
        "ko": "합이 빠졌습니다. {got} 모양을 {wanted} 모양으로 더하면 모든 값이 맞습니다",
    },
    "last_row": {
        "en": "only the last row (or image) of the batch counts: assigned (=) where it is to be added (+=)",
        "ko": "배치의 마지막 행(이미지)만 반영되었습니다. 더해야(+=) 할 곳에서 대입(=)했습니다",
    },
    "first_row": {
        "en": "only the first row (or image) of the batch counts: the gradients of all rows are to be added up",
        "ko": "배치의 첫 행(이미지)만 반영되었습니다. 모든 행의 기울기를 더해야 합니다",
    },
    "whole_numbers": {
        "en": "the digits behind the point are cut off: the array has an integer dtype",
        "ko": "소수점 아래가 잘렸습니다. 배열의 dtype이 정수입니다",
    },
    "factor": {
        "en": "a factor: every number is {factor} times what it should be",
        "ko": "상수배가 틀렸습니다. 모든 값이 정답의 {factor}배입니다",
    },
    "swapped": {
        "en": "the order: the gradients are right, but are to be returned as {order}",
        "ko": "순서가 틀렸습니다. 기울기는 맞지만 {order} 순서로 반환해야 합니다",
    },
    "remembers": {
        "en": "the same call gives other numbers the second time: something is kept between calls (a global that is "
        "added to?) or drawn at random",
        "ko": "같은 호출을 두 번 하면 값이 달라집니다. 호출 사이에 남는 것(전역 변수에 더함?)이나 난수가 있습니다",
    },
}  # fmt: skip

SAYS: dict[str, Words] = {
    "of": {"en": "{name} ({number} of {all}): {title}", "ko": "{name} ({all}개 중 {number}번): {title}"},
    "given": {"en": "The forward is given:", "ko": "순전파는 주어집니다:"},
    "write": {
        "en": "Write backward({arguments}). Given {arrives}, it returns {returns}, {shape}.",
        "ko": "쓸 것: backward({arguments}). 주어지는 것: {arrives}. 반환값: {returns} (모양은 {shape} 같음).",
    },
    "shape_of": {"en": "in the shape of {name}", "ko": "{name}와"},
    "shape_each": {"en": "each in the shape of its own array", "ko": "각각 자기 배열과"},
    "shapes": {"en": "Shapes: {shapes}", "ko": "모양: {shapes}"},
    "start": {
        "en": "Start:  minidl judge {name} --stub -o {name}.py\nJudge:  minidl judge {name} --file {name}.py\n"
        "Hints:  minidl judge {name} --hint, then --hint 2",
        "ko": "시작:  minidl judge {name} --stub -o {name}.py\n채점:  minidl judge {name} --file {name}.py\n"
        "힌트:  minidl judge {name} --hint, 그다음 --hint 2",
    },
    "hint": {"en": "Hint {number} of 2: {hint}", "ko": "힌트 {number}/2: {hint}"},
    "doc": {"en": "Return {returns}.", "ko": "반환값: {returns}."},
    "here": {"en": "Write here.", "ko": "여기에 쓰세요."},
    "runs": {
        "en": "running {path}: your own code, on your own machine, for at most {seconds:g} s",
        "ko": "{path} 실행: 여러분의 코드를 여러분의 컴퓨터에서 최대 {seconds:g}초 동안",
    },
    "right": {
        "en": "{name}: right. {gradients} {are} right in all {count} cases, by central differences and by the plain "
        "loops.",
        "ko": "{name}: 맞았습니다. {gradients}의 값이 {count}가지 경우 모두에서 맞습니다 (중앙 차분과 단순 "
        "반복문으로 확인).",
    },
    "wrong": {"en": "{name}: not right yet.", "ko": "{name}: 아직 틀렸습니다."},
    "none": {"en": "{name}: no verdict.", "ko": "{name}: 채점할 수 없습니다."},
    "row.right": {"en": "right", "ko": "맞음"},
    "row.wrong": {"en": "wrong", "ko": "틀림"},
    "row.all": {"en": "in all {count} cases", "ko": "{count}가지 경우 모두"},
    "row.some": {"en": "in {wrong} of {count} cases: {which}", "ko": "{count}가지 중 {wrong}가지 경우: {which}"},
    "number": {
        "en": "{place} is {yours}; it should be {wanted}.",
        "ko": "{place}의 값은 {yours}입니다. 정답은 {wanted}입니다.",
    },
    "range": {
        "en": "{place} is {yours}; it should be {wanted}, or {high}, or between them.",
        "ko": "{place}의 값은 {yours}입니다. {wanted} 이상 {high} 이하여야 합니다.",
    },
    "shape": {
        "en": "{name} has shape {yours}; it should be {wanted}.",
        "ko": "{name}의 모양은 {yours}입니다. 정답의 모양은 {wanted}입니다.",
    },
    "together": {
        "en": "All of {name} together is {yours}; it should be {wanted}: equal numbers share what arrives.",
        "ko": "{name}의 합은 {yours}입니다. 정답은 {wanted}입니다. 같은 값끼리는 도착한 기울기를 나누어 가집니다.",
    },
    "case": {"en": "in the case: {case} ({inputs})", "ko": "이 경우: {case} ({inputs})"},
    "likely": {"en": "Likely cause", "ko": "짐작되는 원인"},
    "forward_wrong": {
        "en": "forward no longer gives what it gave: put it back as it was, or correct it.",
        "ko": "forward의 결과가 달라졌습니다. 원래대로 되돌리거나 고치세요.",
    },
    "changed": {
        "en": "Note: backward changes {names} in place. Whoever else uses that array gets other numbers; make a new "
        "one.",
        "ko": "참고: backward가 입력 배열({names})을 제자리에서 바꿉니다. 같은 배열을 쓰는 곳의 값도 바뀝니다. 새 "
        "배열을 만드세요.",
    },
    "printed": {"en": "What it printed:", "ko": "출력한 내용:"},
    "line": {"en": "line {line}: {code}", "ko": "{line}번 줄: {code}"},
    "more": {"en": "Once it runs, look here too:", "ko": "실행이 된 다음에는 여기도 보세요:"},
}  # fmt: skip

PROBLEMS: dict[str, Words] = {
    "syntax": {"en": "Python cannot read the file: {message}.", "ko": "파이썬이 파일을 읽을 수 없습니다: {message}."},
    "encoding": {
        "en": "Python cannot read the letters of the file: save it as UTF-8.",
        "ko": "파일의 글자를 읽을 수 없습니다. UTF-8로 저장하세요.",
    },
    "missing": {
        "en": "There is no function {function}({names}) in the file.",
        "ko": "파일에 {function}({names}) 함수가 없습니다.",
    },
    "arguments": {
        "en": "{function} is called as {function}({names}), and does not take these arguments.",
        "ko": "{function}({names}) 꼴로 호출하는데, 함수가 이 인자들을 받지 않습니다.",
    },
    "unwritten": {"en": "Nothing is written there yet.", "ko": "아직 아무것도 쓰지 않았습니다."},
    "raised": {"en": "It stopped with {type}: {message}", "ko": "오류로 멈췄습니다. {type}: {message}"},
    "exit": {
        "en": "It ended the program (sys.exit, exit or quit): return the gradients instead.",
        "ko": "프로그램을 끝냈습니다 (sys.exit, exit, quit). 끝내지 말고 기울기를 반환하세요.",
    },
    "memory": {
        "en": "It asked for more memory than it may have. The right arrays have a few dozen numbers: look at the "
        "shapes.",
        "ko": "허용된 것보다 많은 메모리를 요청했습니다. 올바른 배열에는 수가 수십 개뿐입니다. 모양을 확인하세요.",
    },
    "none": {
        "en": "{function} returned None: is the return missing?",
        "ko": "{function} 함수가 None을 반환했습니다. return이 빠졌습니까?",
    },
    "type": {
        "en": "{function} returned one {type}, where {count} arrays are expected.",
        "ko": "{function} 함수가 {type} 하나를 반환했습니다. 배열 {count}개를 반환해야 합니다.",
    },
    "count": {
        "en": "{function} returned {got} values, where {count} are expected.",
        "ko": "{function} 함수가 값 {got}개를 반환했습니다. {count}개를 반환해야 합니다.",
    },
    "part": {
        "en": "{function} returned something that is not an array of numbers ({type}).",
        "ko": "{function} 함수가 수의 배열이 아닌 것을 반환했습니다 ({type}).",
    },
    "ragged": {
        "en": "{function} returned lists of different lengths, which are no array.",
        "ko": "{function} 함수가 길이가 서로 다른 리스트를 반환했습니다. 배열이 아닙니다.",
    },
    "large": {
        "en": "{function} returned an array of shape {shape}: the right ones have a few dozen numbers.",
        "ko": "{function} 함수가 모양이 {shape}인 배열을 반환했습니다. 올바른 배열에는 수가 수십 개뿐입니다.",
    },
    "time": {
        "en": "It was still running after {seconds:g} seconds and was stopped: is there a loop that never ends?",
        "ko": "{seconds:g}초가 지나도 끝나지 않아 멈췄습니다. 끝나지 않는 반복문이 있습니까?",
    },
    "died": {
        "en": "Its process ended by itself, with code {code} (os._exit, a crash, or too much memory).",
        "ko": "프로세스가 스스로 끝났습니다. 코드 {code} (os._exit, 비정상 종료, 또는 메모리 부족).",
    },
}  # fmt: skip
