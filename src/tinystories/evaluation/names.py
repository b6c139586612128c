"""First names that stories for small children use, with the pronoun that goes with each."""

from typing import Literal

from tinystories.data import lexicon
from tinystories.data.lexicon import ANIMAL_BOYS, ANIMAL_GIRLS, listed

Gender = Literal["he", "she"]

# The names of published TinyStories that the embedded stories do not know, common ones first.
_MORE_GIRLS = listed(
    """Lily, Sue, Sally, Sarah, Lila, Jill, Mary, Jen, Jenny, Lisa, Emily, Ann, Susie, Polly,
    Betty, Lola, Kate, Sophie, Ellie, Millie, Claire, Maria, Milly, Julie, Annie, Lilly, Mandy,
    Abby, Maggie, Liz, Abigail, Jenna, Suzie, Cindy, Betsy, Linda, Katie, Lizzie, Mabel, Lizzy,
    Suzy, Rachel, Jessica, Julia, Jilly, Emmy, Gina, Anne, Michelle, Carla, Lena, Dora, Meg,
    Stella, Lydia, Gracie, Janie, Holly, Hannah, Pam, Samantha, Allie, Marie, Gabby, Sophia,
    Elsie, Fiona, Becky, Isabel, Gemma, Maddy, Stacy, Elsa, Mila, Rita, Amanda, Isabella, Mindy,
    Ruth, Liza, Mae, Juliet, Olivia, Nancy, Alana, Sienna, Piper, Ava, Amelia, Charlotte, Wendy,
    Megan, Laura, Karen, Helen, Diana, Natalie, Victoria, Lucia, Rosy, Tammy, Kelly, Heidi"""
)
_MORE_BOYS = listed(
    """Timmy, Bob, Billy, John, Joe, Tommy, Mark, Bobby, Jimmy, Fred, Jake, Andy, Pete, Jim,
    Bill, Danny, Dave, Johnny, James, Joey, Tony, Mike, Ted, Harry, Rob, Gary, Steve, Robby,
    Lenny, Oliver, Carl, Luke, Brian, Barry, Thomas, Jason, Ed, Nick, Robbie, Josh, Matt, Brad,
    Nate, Larry, Jeff, Eric, Davey, Todd, Sean, Bruce, Martin, Daniel, Albert, Mikey, Eddie,
    Ralph, Keith, Zack, Luis, Kevin, Charles, Ernie, Chad, Phil, Jonas, Michael, Robert,
    William, Jacob, Ethan, Logan, Lucas, Mason, Ryan, Kyle, Scott, Roger, Arthur, Edward,
    Richard, Stephen, Victor, Walter, Wayne, Alan, Ray, Ron, Roy, Greg, Jeremy, Justin, Aaron"""
)
# Names that both have, or that are words as well, agree with anything.
_EITHER = frozenset(listed("Kim, Noor, Will, Hope, Rose, Daisy, Grace, Max, Sam, Jamie, Alex, Pat"))

GIRLS = frozenset((*lexicon.GIRLS, *_MORE_GIRLS)) - _EITHER
BOYS = frozenset((*lexicon.BOYS, *_MORE_BOYS)) - _EITHER
NAMES = GIRLS | BOYS
_ANIMALS = frozenset((*ANIMAL_GIRLS, *ANIMAL_BOYS))

NOT_NAMES = frozenset(
    listed(
        """I, Mom, Mommy, Mama, Mum, Mummy, Mother, Dad, Daddy, Papa, Father, Grandma, Grandpa,
        Granny, Nana, Auntie, Aunt, Uncle, Mr, Mrs, Ms, Miss, Dr, Sir, Madam, Lord, God, Santa,
        Claus, Christmas, Easter, Halloween, Monday, Tuesday, Wednesday, Thursday, Friday,
        Saturday, Sunday, January, February, March, April, May, June, July, August, September,
        October, November, December, English, Spanish, French, American, America, China, Earth,
        Hello, Hi, Hey, Yes, No, Okay, Ok, Oh, Wow, Please, Thank, Thanks, Look, Come, Let, What,
        Why, Who, Where, When, How, Once, One, The, And, But, So, It, He, She, They, We, You, My,
        Your, His, Her, Their, Our, This, That, There, Then, Do, Did, Is, Are, Can, Maybe, Sorry,
        Happy, Birthday, Good, End, Moral, If, In, On, At, To, As, After, All, Not, Now, Stop,
        Wait, Be, Don, Goodbye, Bye, Help, Every, Some, Two"""
    )
)


def gender(name: str) -> Gender | None:
    """Return the pronoun that goes with a first name; None if it is unknown or goes with both."""
    if name in GIRLS:
        return None if name in BOYS else "she"
    return "he" if name in BOYS else None


def known(name: str) -> bool:
    """Whether this is a first name of the lists, of a person or an animal."""
    return name in GIRLS or name in BOYS or name in _EITHER or name in _ANIMALS
