"""What requests and answers hold: checked on the way in, and the OpenAPI document on the way out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from ..data.photo import SIDE

MOST_STROKES, MOST_POINTS = 200, 5000  # of one drawing

Pixel = Annotated[int, Field(ge=0, le=255)]
Row = Annotated[list[Pixel], Field(min_length=SIDE, max_length=SIDE)]
Pixels = Annotated[
    list[Row], Field(min_length=SIDE, max_length=SIDE, description="28 rows of 28, 0 is paper, 255 is ink, as in MNIST")
]
Place = Annotated[float, Field(ge=-1, le=2, allow_inf_nan=False)]
Width = Annotated[float, Field(ge=0.005, le=0.25, allow_inf_nan=False)]
Point = tuple[Place, Place, Width]


class Strict(BaseModel):
    """Nothing is converted, nothing unknown is let pass."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Base64Image(Strict):
    """The bytes of an image file, in base64."""

    base64: str = Field(min_length=1)


class PixelImage(Strict):
    """A digit as MNIST has it."""

    pixels: Pixels


class Drawing(Strict):
    """Strokes of a pen on a square pad: points [x, y, width], all in sides of the pad, from its upper left corner."""

    strokes: list[Annotated[list[Point], Field(min_length=1, max_length=MOST_POINTS)]] = Field(max_length=MOST_STROKES)

    @model_validator(mode="after")
    def _few(self) -> Drawing:
        if sum(map(len, self.strokes)) > MOST_POINTS:
            raise ValueError(f"a drawing has at most {MOST_POINTS:,} points")
        return self


Image = Base64Image | PixelImage | Drawing


KINDS = {"base64": "Base64Image", "pixels": "PixelImage", "strokes": "Drawing"}


def _kind_of(item: Any) -> str | None:
    """Which kind of image an item of JSON is meant to be: its mistakes are told as those of this kind alone."""
    return next((kind for key, kind in KINDS.items() if isinstance(item, dict) and key in item), None)


AnyImage = Annotated[
    Annotated[Base64Image, Tag("Base64Image")]
    | Annotated[PixelImage, Tag("PixelImage")]
    | Annotated[Drawing, Tag("Drawing")],
    Discriminator(_kind_of, "no_image", "an image is an object with base64, pixels or strokes"),
]


class Question(Strict):
    """The images to read."""

    images: list[AnyImage] = Field(min_length=1)
    layers: bool = Field(False, description="also what each layer of the network computes")


class Class(BaseModel):
    """One of the answers that the network considered."""

    name: str
    probability: float


class Layer(BaseModel):
    """What one stage of the network computed: values of 8 bits in base64, to be multiplied by `scale`."""

    name: str
    shape: list[int] = Field(description="channels, height, width; or the number of values")
    shown: int = Field(description="how many channels are given, the first ones")
    scale: float
    values: str = Field(description="int8 in base64, row by row")


class Answer(BaseModel):
    """What was read from one image."""

    answer: str | None = Field(description="null if the picture shows no digit, or cannot be read")
    state: Literal["sure", "unsure", "abstained", "unreadable"]
    reason: str | None = Field(description="why there is no answer")
    code: str | None = Field(description="the reason in one word, for programs")
    warnings: list[str]
    probabilities: list[Class] = Field(description="every class in its order; empty if there was nothing to ask about")
    scores: list[float] = Field(description="what softmax made the probabilities from")
    pixels: list[list[int]] | None = Field(description="the 28 by 28 pixels that the network saw")
    layers: list[Layer] | None = None


class Answers(BaseModel):
    """One answer for each image, in the order of the request."""

    answers: list[Answer]


class Digit(Strict):
    """One digit, and one of the classes."""

    pixels: Pixels
    label: int = Field(ge=0, description="the number of the class, from 0")


class Slope(BaseModel):
    """How the score of one class follows each pixel: score = sum of pixel / 255 x slope + rest."""

    label: int
    score: float
    rest: float
    slopes: list[list[float]]


class Saved(BaseModel):
    """That a correction was saved."""

    number: int = Field(description="how many there are now")
    split: Literal["train", "test"]


class Thresholds(BaseModel):
    """When an answer is sure, and when there is none; taken from the run's own validation digits."""

    sure: float = Field(description="a smaller probability gets a warning")
    least: float = Field(description="below this probability there is no answer")
    strange: float | None = Field(description="the guard's score above which it is no digit; null: there is no guard")
    right: float | None = Field(description="the share of those digits that the network reads right, if there are any")
    origin: str


class Stage(BaseModel):
    """One stage of the network, as `Layer` has it with its values."""

    name: str
    shape: list[int]
    shown: int


class Model(BaseModel):
    """The run that is served."""

    name: str
    classes: list[str]
    shape: list[int]
    parameters: int
    stages: list[Stage]
    has_gradients: bool = Field(description="false for a network in integers: it has no slopes and no lesson")
    version: str
    thresholds: Thresholds
    collecting: bool
    max_body_bytes: int
    max_pixels: int
    max_images: int


class Health(BaseModel):
    """Whether the server takes requests."""

    status: Literal["ok"]
