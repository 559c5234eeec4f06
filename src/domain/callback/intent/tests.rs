//! Tables of what people say: `yes` means it, `no` only comes near.

use super::*;

fn check(name: &str, detect: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
    assert!(yes.len() + no.len() >= 40 && yes.len() >= 20 && no.len() >= 12, "{name}: {} and {}", yes.len(), no.len());
    let missed: Vec<_> = yes.iter().filter(|words| !detect(words)).collect();
    let mistaken: Vec<_> = no.iter().filter(|words| detect(words)).collect();
    assert!(missed.is_empty() && mistaken.is_empty(), "{name}\nmissed: {missed:#?}\nmistaken: {mistaken:#?}");
}

/// What a line uses: `@word` wherever words may stand, `~phrase` alone.
fn names_in(line: &str) -> impl Iterator<Item = &str> {
    line.split(' ').flat_map(|element| {
        let bare = element.trim_start_matches(['*', '!', '<']);
        let words = || bare.split(['|', '?']).filter(|word| word.starts_with('@')).collect();
        if bare.contains('~') { vec![bare] } else { words() }
    })
}

#[test]
fn every_name_in_a_table_is_given_above_its_use() {
    for table in TABLES {
        let mut known = Vec::new();
        for line in table.lines() {
            let (given, meant) = Names::named(line).map_or((None, line), |(name, meant)| (Some(name), meant));
            assert!(names_in(meant).all(|name| known.contains(&name)), "{line}");
            known.extend(given);
        }
    }
}

/// The rules may be written anew; who was heard once is not unheard by that.
#[test]
fn what_was_an_opt_out_stays_one() {
    let phrases = include_str!("../../../../tests/fixtures/callback_opt_outs.txt").lines().filter(|line| !line.starts_with('#'));
    let lost: Vec<_> = phrases.filter(|words| !opt_out(words)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn opting_out() {
    let yes = [
        "Stop calling me.",
        "Please stop calling.",
        "Quit calling here!",
        "stop calling me at work",
        "You have to stop phoning us",
        "Stop harassing me",
        "Would you please stop contacting me",
        "stop these calls",
        "Stop all the damn calls",
        "No more calls please",
        "Take me off your list.",
        "take us off of this calling list please",
        "Can you take my name off your list? Don't call me later.",
        "Get me off your list",
        "take me off, please",
        "Remove me from your database",
        "I want to be left alone today and forever",
        "I'm tired of you not stopping the calls",
        "I'm sick of the damn phone calls",
        "next time you call I'm going to the police",
        "next time you call I'm filing a complaint",
        "please exclude us from this",
        "delete it from all your records",
        "calls are not welcome at this number",
        "I have to make them stop calling",
        "I'm blocking you by the way",
        "I'll block this number in my phone",
        "we don't take sales calls at this number",
        "we do not accept sales calls over the phone",
        "I did not solicit any calls",
        "remove my number",
        "Just remove me.",
        "Delete my number",
        "Lose my number, pal",
        "please delete all my information",
        "Unsubscribe",
        "I want to opt out",
        "Opt me out of this",
        "Do not call me again",
        "Don't call me anymore",
        "Don't ever call me",
        "don\u{2019}t call this number again",
        "Dont call here",
        "Please do not call.",
        "Do not contact me",
        "Don't you dare call me again",
        "Don't call me, email me",
        "don't call me later",
        "never call me again",
        "Never call this number",
        "Call me never.",
        "Put me on your do not call list",
        "I'm on the do-not-call registry",
        "I don't want any more calls",
        "I do not want to be called",
        "We don't want you to call us",
        "I don't want to hear from you again",
        "I never want to hear from you people",
        "Leave me alone",
        "I didn't give you permission to call me",
        "I revoke my consent",
        "Cease and desist",
        "I no longer wish to be contacted",
        "If you don't stop calling I'm calling the police",
        "Why haven't you taken me off your list?",
        "Call me later. Actually no, just stop calling me.",
        "don't call me at this number",
        "you people won't stop calling",
    ];
    let no = [
        "Don't stop",
        "Please don't stop calling me, I like it",
        "I'm not asking you to stop calling",
        "I'm not saying take me off your list",
        "Call me, don't text",
        "Don't call me before nine",
        "Don't call me after 8",
        "don't call me tomorrow, call me on Friday",
        "Please don't call me right now",
        "don't call me until Monday",
        "Don't call me at work, call me at home after six",
        "You never called me back",
        "I never call anyone back",
        "Can you call me back",
        "I have to stop at the store, call me later",
        "Take me off hold",
        "Take me off speaker please",
        "Leave me a message",
        "I don't want to miss your call",
        "I can't stop laughing",
        "I'm going to stop by the office at three",
        "Not interested",
        "No, thank you",
        "I'm not on the do not call list",
        "don't call me sir",
        "I do not want calls before noon",
        "Who gave you my number?",
        "call me later",
        "The calls stopped last week",
        "Never mind, call me tomorrow",
    ];
    check("opt_out", opt_out, &yes, &no);
}

#[test]
fn doubting_that_we_are_human() {
    let yes = [
        "Are you a robot?",
        "Are you a bot",
        "are you AI",
        "Are you an AI?",
        "Is this an AI?",
        "Is this a robot calling me?",
        "is this a recording",
        "Wait, are you a real person?",
        "Are you human?",
        "Are you a human being?",
        "Are you real?",
        "are you even a person",
        "Is this a real person?",
        "Is it a live person",
        "Am I talking to a robot?",
        "am I speaking with a real person",
        "Am I talking to a machine right now?",
        "Am I speaking to a human?",
        "You sound like a robot",
        "you sound automated",
        "It sounds like a recording",
        "You're a robot, aren't you?",
        "You are an AI, right?",
        "This is a bot, isn't it?",
        "this is a robot, right",
        "Is this automated?",
        "Is your voice real?",
        "is that a computer voice, is this a computer",
        "Are you some kind of chatbot?",
        "Are you ChatGPT?",
        "Robot or real person?",
        "I'm talking to a machine, huh",
        "Are you a virtual assistant?",
        "what kind of AI are you",
        "Is this one of those AI things",
    ];
    let no = [
        "Are you a solar company?",
        "Are you an AI company?",
        "Are you a real estate agent?",
        "Are you a real company?",
        "Is this a machine shop?",
        "I'm a robot engineer",
        "I'm a real person, you know",
        "Is this a scam?",
        "Are you selling AI?",
        "I talk to machines all day",
        "Is this a good price?",
        "Are you from the bank?",
        "Are you the person in charge?",
        "Is it a washing machine?",
        "Are you a person from the insurance?",
        "We use a computer for that",
        "Are you going to send a person?",
        "I don't want to talk to a robot",
        "Is this about the recording?",
    ];
    check("asks_if_ai", asks_if_ai, &yes, &no);
}

#[test]
fn asking_for_a_human() {
    let yes = [
        "Can I talk to a person?",
        "Can I speak to a real person please",
        "Could I speak with someone?",
        "may I speak to your manager",
        "I want to talk to a human",
        "I'd like to speak to a representative",
        "I need to speak with a manager",
        "Let me talk to your supervisor",
        "let me speak to a human being",
        "Get me a human",
        "Get me a real person",
        "Give me your boss",
        "Transfer me to an agent",
        "Transfer me please",
        "connect me with a representative",
        "Put me through to someone",
        "Representative",
        "Operator!",
        "agent, please",
        "Human!",
        "Real person please",
        "I want a human",
        "I'd rather have a real person",
        "I don't want to talk to a robot",
        "I'm not talking to a machine",
        "Is there a real person I can talk to?",
        "Is there someone I can speak with?",
        "Is there a manager available",
        "Have a real person call me",
        "have someone call me back",
        "Can we talk to someone in sales",
        "Customer service",
    ];
    let no = [
        "I need to talk to my wife",
        "I have to talk to someone at home first",
        "Am I talking to a real person?",
        "I'm a real person",
        "I'm the manager",
        "I'm an agent myself",
        "You can talk to my lawyer",
        "I already talked to a representative",
        "I'll talk to my husband",
        "Are you a human?",
        "Call me tomorrow",
        "My agent handles that",
        "I need to speak with someone in my family",
        "We have a manager for that",
        "I'm talking to you",
        "Give me a minute",
        "I like people",
        "It takes two people",
    ];
    check("asks_for_human", asks_for_human, &yes, &no);
}

#[test]
fn reaching_the_wrong_person() {
    let yes = [
        "Wrong number",
        "Sorry, you have the wrong number",
        "I think you've got the wrong person",
        "You have the wrong guy",
        "No one here by that name",
        "There's no one by that name here",
        "nobody by that name lives here",
        "There is no John here",
        "There's no Mr. Smith at this number",
        "There's nobody here called Peter",
        "He doesn't live here anymore",
        "She does not work here",
        "John doesn't live here",
        "She no longer works here",
        "He moved away",
        "They moved out",
        "He changed his number",
        "She doesn't have this number anymore",
        "I've never heard of him",
        "never heard of that person",
        "That's not my name",
        "That is not her number",
        "This isn't his phone",
        "You've got someone else",
        "You're looking for somebody else",
        "You must have me confused with someone else",
        "I'm not the person you're looking for",
        "I'm not him",
        "no such person",
        "Nobody here has that name",
        "Mistaken identity, sorry",
    ];
    let no = [
        "Is this the wrong number?",
        "You have the right number",
        "It's not a wrong number",
        "Did I dial the wrong number?",
        "That's the wrong time",
        "Wrong day, call tomorrow",
        "There's no need to call",
        "There is no problem here",
        "I moved to Boston",
        "I don't live in the city",
        "never heard of that company",
        "I gave you the wrong number before",
        "I don't have time",
        "No one is interested in that",
        "He's not here right now",
        "She isn't home",
        "That's not my problem",
        "My name is John",
        "That's not a good number, call my cell",
        "I'm not interested",
    ];
    check("wrong_number", wrong_number, &yes, &no);
}

#[test]
fn saying_no() {
    let yes = [
        "I'm not interested",
        "Not interested, thanks",
        "No, thank you",
        "no thanks",
        "No sir.",
        "We're good",
        "I'm all set",
        "I'll pass",
        "It's not for me",
        "I don't need insurance",
        "I don't want it",
        "We're not really interested",
        "No interest",
        "Go away",
        "I'm good, thanks",
        "That's not going to happen",
        "I don't want anything",
        "No way",
        "screw you",
        "Not really interested right now",
    ];
    let no = [
        "I'm interested",
        "No problem, call me at five",
        "Yes",
        "Maybe",
        "Call me later",
        "No worries",
        "I need help",
        "What do you sell?",
        "I want one",
        "It's going to rain",
        "I'm good at that",
        "That is not what I said",
        "Sure",
        "Tell me more",
        "How much is it?",
        "Not before Monday",
        "No, I mean Tuesday",
        "I don't know",
        "Let me think",
        "I have a question",
    ];
    check("refuses", refuses, &yes, &no);
}
