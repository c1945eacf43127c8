    def work() -> GenerationRecord | None:
        try:
            with driver_errors(), api.parts.sessions() as session:
                return live_generation(session)
        except DatabaseError:
            return None  # the page comes up, and says itself that nothing can be asked

    live = await api.threads.run(work)

    return SiteResponse(
        title=settings.site_title,
        person=settings.person,
        accent=settings.accent,
        public=settings.public == "page",
        max_question_characters=settings.max_question_characters,
        quoted=settings.chat_model is None,
        generation=live.generation if live else None,
        documents=live.documents if live else None,
        published_at=live.published_at if live else None,
    )


@router.get("/api/suggestions", summary="Suggest questions", responses=problem_responses(401, 403, 429, 503, 504))
async def suggestions(api: Api, _: MayRead) -> SuggestionsResponse:
    """Up to six questions that the content answers, the same as long as a generation is live."""
    generation, questions = await api.threads.run(api.suggester.suggest)
    return SuggestionsResponse(suggestions=list(questions), generation=generation)
