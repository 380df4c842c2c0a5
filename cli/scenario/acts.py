"""What people do at fixed moments, besides answering what they are told."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cli.scenario.cast import DAY_OFFICER, MANAGER, NIGHT_OFFICER, STAFF
from cli.scenario.enrolment import enrol
from cli.scenario.monday import MONDAY_ACTS
from cli.scenario.operation import ask_as_police, close_authority, import_wards, open_authority
from cli.scenario.play import Act, Play
from cli.scenario.protected import protect, show_zones, tell_victim
from cli.scenario.receivers import Mood
from cli.scenario.stories import Story
from cli.scenario.tags import crn
from cli.scenario.weekend import ENROLLED, FRIDAY, PLANS, SATURDAY, SUNDAY, VICTIMS_BREACHED, moment

CONTESTED, VICTIM_BREACH = crn(13), crn(11)


def all_acts(told: Sequence[Story]) -> Mapping[datetime, Sequence[Act]]:
    """By their moments."""
    return {
        ENROLLED: (import_wards, lambda play: enrol(play, told)),
        moment(FRIDAY, "15:00"): (
            protect,
            _say("dashboard", "hangs: it takes requests and answers none"),
        ),
        moment(SATURDAY, "01:20"): (_switch_telephone(NIGHT_OFFICER, is_off=True),),
        moment(SATURDAY, "02:10"): (_switch_telephone(NIGHT_OFFICER, is_off=False),),
        moment(SATURDAY, "09:30"): (_work(DAY_OFFICER, "start_review"),),
        moment(SATURDAY, "09:35"): (_work(DAY_OFFICER, "invite_account"),),
        moment(SATURDAY, "10:00"): (_work(DAY_OFFICER, "record_account", text="Says that the bus broke down."),),
        moment(SATURDAY, "10:05"): (_work(DAY_OFFICER, "close", outcome="warning", text="Home three hours late."),),
        moment(SATURDAY, "11:00"): (_work(DAY_OFFICER, "contest", by="wearer", text="Has a letter of the operator."),),
        moment(SATURDAY, "11:05"): (_work(DAY_OFFICER, "close", outcome="warning", text="The same again."),),
        moment(SATURDAY, "13:00"): (open_authority,),
        moment(SATURDAY, "14:30"): (ask_as_police,),
        moment(SATURDAY, "17:00"): (close_authority,),
        moment(SATURDAY, "18:41"): (_two_at_once,),
        moment(SATURDAY, "18:43"): (_ring_police,),
        moment(SATURDAY, "18:50"): (tell_victim,),
        moment(SATURDAY, "20:30"): (_set_receiver("archive", Mood.DOWN),),
        moment(SATURDAY, "21:30"): (_set_receiver("archive", Mood.TAKES),),
        moment(SUNDAY, "03:15"): (show_zones,),
        moment(SUNDAY, "09:10"): (tell_victim, show_zones),
        moment(SUNDAY, "10:00"): (_work(MANAGER, "start_review"),),
        moment(SUNDAY, "10:20"): (_work(MANAGER, "close", outcome="authorised", text="The letter bears it out."),),
        moment(SUNDAY, "12:00"): (_set_receiver("dashboard", Mood.TAKES),),
        **MONDAY_ACTS,
    }


def _say(who: str, what: str) -> Act:
    return lambda play: play.say(who, what)


def _switch_telephone(subject: str, *, is_off: bool) -> Act:
    (member,) = (one for one in STAFF if one.subject == subject)
    addresses = {address for address in (member.email, member.mobile) if address}

    def act(play: Play) -> None:
        if is_off:
            play.notify.switched_off |= addresses
        else:
            play.notify.switched_off -= addresses
        play.say(subject, f"cannot be reached: telephone {'off' if is_off else 'on again'}")

    return act


def _work(subject: str, action: str, **detail: str) -> Act:
    """On the alert that is contested in the end."""

    def act(play: Play) -> None:
        play.officer(subject).do(play.now, play.alert_of(CONTESTED, "curfew_absence"), action, **detail)

    return act


def _two_at_once(play: Play) -> None:
    """Both have read the alert; the second is told what the first did."""
    alert_id = play.alert_of(VICTIM_BREACH, "exclusion_zone_breach")
    first, second = play.officer(DAY_OFFICER), play.officer(MANAGER)
    read = first.etag(alert_id), second.etag(alert_id)
    first.do(play.now, alert_id, "assign", read[0], to=DAY_OFFICER)
    second.do(play.now, alert_id, "acknowledge", read[1])


def _ring_police(play: Play) -> None:
    """The first step of the zone's response plan, ticked."""
    alert_id = play.alert_of(VICTIM_BREACH, "exclusion_zone_breach")
    step = PLANS[VICTIMS_BREACHED]["steps"][0]["code"]
    play.officer(DAY_OFFICER).do(play.now, alert_id, "complete_step", step=step)


def _set_receiver(name: str, mood: Mood) -> Act:
    def act(play: Play) -> None:
        hook = play.hooks[name]
        if mood is Mood.TAKES:
            hook.come_back()
            missing = len(play.hooks["case-system"].taken) - len(hook.taken)
            play.say(name, f"is back: {missing} alert events wait for it")
        else:
            hook.mood = mood
            play.say(name, "is down: answers 503")

    return act
